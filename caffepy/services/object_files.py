"""Detections in files: as the benchmarks of VOC and of COCO want them, and pictures with boxes.

    FOLDER/comp4_det_test_cat.txt       VOC: a line a detection, "name score xmin ymin xmax ymax";
                                        empty for a class of which nothing was found
    FOLDER/detections.json              COCO: image_id, category_id, bbox (x y width height), score
    FOLDER/pictures/...                 the pictures with boxes

Numbers are written as by DetectionOutput's save_output_param. A picture is called by its file's
name without its ending, and in COCO's file by its number, if that is one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from caffepy.data import opencv
from caffepy.errors import DataError
from caffepy.proto.files import atomic_path, atomic_write
from caffepy.services.objects import Object

Array = NDArray[Any]

PREFIX = "comp4_det_test_"  # VOC's, for detection by what was trained on other pictures, too
PICTURES = "pictures"
KIND = ".png"  # of pictures whose own kind cannot be written


class ObjectFiles:
    """Collects detections, and writes them into a folder.

    Args:
        names: of the classes, which VOC's files are called by; classes without one by number.

    Raises:
        DataError: the folder cannot be made.
    """

    def __init__(self, folder: str, names: Mapping[int, str]) -> None:
        self.folder, self.names = Path(folder), names
        try:
            (self.folder / PICTURES).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"the folder cannot be made: {error.strerror}", where=folder
                            ) from error
        self._found: list[tuple[str, Object]] = []
        self._drawn: set[str] = set()

    def add(self, path: str, objects: Sequence[Object], drawn: Array) -> None:
        """What was found in the picture of a file; ``drawn``: the picture with boxes."""
        cv2 = opencv.load()

        name, kind = os.path.splitext(os.path.basename(path))
        self._found += [(name, found) for found in objects]
        if not cv2.haveImageWriter(f"x{kind}"):
            kind = KIND
        target, number = f"{name}{kind}", 1
        while target in self._drawn:  # of other folders
            number += 1
            target = f"{name}-{number}{kind}"
        self._drawn.add(target)
        with atomic_write(self.folder / PICTURES / target) as file:
            file.write(cv2.imencode(kind, drawn)[1].tobytes())

    def write(self) -> None:
        """The files of results."""
        made = [{"image_id": _number(name), "category_id": found.label,
                 "bbox": _sides(found), "score": float(f"{found.score:g}")}
                for name, found in self._found]
        self._put("detections.json", json.dumps(made, indent=1))
        named = {label for label in self.names if label}  # 0 is the background
        for label in sorted(named | {found.label for _, found in self._found}):
            lines = [f"{name} {found.score:g} {_corners(found)}\n"
                     for name, found in self._found if found.label == label]
            word = self.names.get(label, str(label)).replace(os.sep, "_")
            self._put(f"{PREFIX}{word}.txt", "".join(lines))

    def _put(self, name: str, content: str) -> None:
        with atomic_path(self.folder / name) as new:
            Path(new).write_text(content, encoding="utf-8", errors="surrogateescape")


def _sides(found: Object) -> list[float]:
    left, top, right, bottom = found.box
    return [round(v, 2) for v in (left, top, right - left, bottom - top)]


def _corners(found: Object) -> str:
    x, y, width, height = map(int, _sides(found))
    return f"{x} {y} {x + width} {y + height}"


def _number(word: str) -> int | str:
    return int(word) if word.isdecimal() else word
