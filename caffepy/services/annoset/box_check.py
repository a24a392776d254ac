"""Boxes in pixels as an AnnotatedDatum's: shares of the picture, by class, looked at beforehand.

What SSD's fork stores is stored the same; but a box without an area, or outside of the picture,
wholly or farther than AnnotatedData takes it, can teach nothing or would stop a training: these
are left out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from caffepy.data.annotated import FAR
from caffepy.data.annotation import Annotation, Box
from caffepy.data.label_map import Unknown
from caffepy.errors import CaffeError, DataError
from caffepy.proto import caffe_pb2


@dataclass
class Tally:
    """What was seen of the boxes of one picture, or of many.

    Attributes:
        labels: how many boxes that were kept have which label.
        beyond: how many of them reach over the picture's edge.
        empty, outside: how many were left out: without an area, or outside.
        sizes: pictures whose annotation says another size.
        bare: pictures without a box.
        notes: a line on each of these but the bare ones.
    """

    labels: Counter[int] = field(default_factory=Counter)
    beyond: int = 0
    empty: int = 0
    outside: int = 0
    sizes: int = 0
    bare: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another's, without its notes."""
        self.labels += other.labels
        for word in ("beyond", "empty", "outside", "sizes", "bare"):
            setattr(self, word, getattr(self, word) + getattr(other, word))


class Refused(DataError):
    """A picture that is left out for its annotation.

    Attributes:
        unknown: names of classes that the label map lacks, how often each.
    """

    def __init__(self, problems: list[CaffeError]) -> None:
        first = problems[0]
        more = f" ({len(problems) - 1} more objects are wrong)" if len(problems) > 1 else ""
        super().__init__(f"{first}{more}")
        self.unknown = Counter(one.name for one in problems if isinstance(one, Unknown))


def groups(annotation: Annotation, size: tuple[int, int], path: str
           ) -> tuple[list[caffe_pb2.AnnotationGroup], Tally]:
    """The boxes by class, in the order in which classes come up; and what was seen of them.

    Args:
        size: height and width of the picture as it is in its file.
        path: of the annotation, for messages.

    Raises:
        Refused: an object without numbers, or of a class that the label map lacks.
    """
    tally = Tally()
    problems = annotation.problems + [
        DataError("a box has corners that are no numbers", where=path, found=_shown(box))
        for box in annotation.boxes if not np.isfinite(box.corners).all()]
    if problems:
        raise Refused(problems)
    height, width = annotation.size or size
    if (height, width) != size:
        tally.sizes += 1
        tally.notes.append(f"{path}: the picture is {size[0]} x {size[1]}, and the annotation "
                           f"says {height} x {width}: boxes are taken as parts of that")
    of_label: dict[int, caffe_pb2.AnnotationGroup] = {}
    for box in annotation.boxes:
        if not _kept(box, height, width, path, tally):
            continue
        group = of_label.setdefault(box.label, caffe_pb2.AnnotationGroup(group_label=box.label))
        one = group.annotation.add(instance_id=len(group.annotation))
        place = np.array(box.corners, np.float32) / np.array([width, height] * 2, np.float32)
        one.bbox.xmin, one.bbox.ymin, one.bbox.xmax, one.bbox.ymax = place.tolist()
        one.bbox.difficult = box.difficult
        tally.labels[box.label] += 1
    tally.bare += not of_label
    return list(of_label.values()), tally


def _kept(box: Box, height: int, width: int, path: str, tally: Tally) -> bool:
    left, top, right, bottom = box.corners
    kept = False
    if right <= left or bottom <= top:
        tally.empty += 1
        note = "a box has no area, and is left out"
    elif right <= 0 or bottom <= 0 or left >= width or top >= height:
        tally.outside += 1
        note = "a box lies outside of the picture, and is left out"
    elif max(abs(left), abs(right)) > FAR * width or max(abs(top), abs(bottom)) > FAR * height:
        tally.outside += 1
        note = "a box reaches far out of the picture, and is left out"
    elif left < 0 or top < 0 or right > width or bottom > height:
        tally.beyond += 1
        kept = True
        note = "a box reaches over the edge of the picture, and is kept as it is"
    else:
        return True
    tally.notes.append(f"{path}: {note}: {_shown(box)}, of {width} x {height} pixels")
    return kept


def _shown(box: Box) -> str:
    return " ".join(f"{value:g}" for value in box.corners)
