"""Average precision by COCO's rules, which ask how well boxes lie, not only whether they are found.

At each of ten overlaps, 0.5 to 0.95, the detections of a picture and class take, the best first,
the true box that they overlap most, if by that much, and if it is not taken. From then on precision
is the best one at that recall or above, and its mean over 101 recalls, 0 to 1, is the average
precision at that overlap. AP is the mean over overlaps and over classes that have true boxes. At
most 100 detections of a picture and class count, the best.

Difficult boxes that do not count are what COCO calls ignored: what takes one is neither right nor
wrong, and one that counts is taken rather. Boxes are shares of the picture here and pixels there,
and overlaps are the same. Lin et al. 2014, arXiv:1405.0312; pycocotools' numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

OVERLAPS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MOST = 100  # detections of a picture and class


@dataclass
class Matched:
    """The detections of one picture and class, the best first.

    Attributes:
        order: which of those given they are.
        right, counts: at each overlap and for each whether it took a box that counts, and whether
            it is right or wrong at all; shape (10, detections).
        taker: at each overlap which detection of ``order`` took each true box, -1 for none,
            (10, boxes).
    """

    order: NDArray[np.intp]
    right: Mask
    counts: Mask
    taker: NDArray[np.intp]

    @property
    def taken(self) -> Mask:
        """At each overlap which true boxes were taken, (10, boxes)."""
        return self.taker >= 0


def match(scores: Floats, boxes: Floats, true: Floats, ignored: Mask) -> Matched:
    """Which detection takes which true box.

    Args:
        scores, boxes: of the detections; boxes are xmin, ymin, xmax, ymax.
        true, ignored: the true boxes, and which of them do not count.
    """
    order = np.argsort(-scores, kind="stable")[:MOST]
    table = _overlaps(boxes[order], true)
    right = np.zeros((len(OVERLAPS), len(order)), bool)
    took = np.zeros_like(right)
    taker = np.full((len(OVERLAPS), len(true)), -1)
    at = np.arange(len(OVERLAPS))
    if len(true):
        for i, row in enumerate(table):
            free = (taker < 0) & (row >= OVERLAPS[:, None])
            wanted = free & ~ignored
            wanted = np.where(wanted.any(1, keepdims=True), wanted, free)
            # of equal overlaps the last, as there
            best = len(true) - 1 - np.where(wanted, row, -1)[:, ::-1].argmax(1)
            found = wanted.any(1)
            taker[at[found], best[found]] = i
            took[:, i], right[:, i] = found, found & ~ignored[best]
    return Matched(order, right, right | ~took, taker)


def _overlaps(one: Floats, other: Floats) -> Floats:
    """The area that two boxes share over that which they cover together, (ones, others)."""
    low = np.maximum(one[:, None, :2], other[:, :2])
    shared = np.maximum(np.minimum(one[:, None, 2:], other[:, 2:]) - low, 0).prod(-1)
    areas = [np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(-1) for boxes in (one, other)]
    covered = areas[0][:, None] + areas[1] - shared
    return np.divide(shared, covered, out=np.zeros_like(shared), where=covered > 0)


class Coco:
    """Gathers the matches of pictures."""

    def __init__(self) -> None:
        self._true: dict[int, int] = {}
        self._found: dict[int, list[tuple[Floats, Mask, Mask]]] = {}

    def add(self, label: int, scores: Floats, matched: Matched, true: int) -> None:
        """What was found of a class in one picture, in which it has so many boxes that count."""
        self._true[label] = self._true.get(label, 0) + true
        self._found.setdefault(label, []).append(
            (scores[matched.order], matched.right, matched.counts))

    def precision(self, label: int) -> tuple[Floats, Floats] | None:
        """Of a class at each overlap: precision at each of the recalls, (10, 101), and the highest
        recall. None if it has no true box."""
        count = self._true.get(label, 0)
        if not count:
            return None
        scores, right, counts = (np.concatenate(parts, -1) for parts in
                                 zip(*self._found[label], strict=True))
        order = np.argsort(-scores, kind="stable")
        hits = (right[:, order] & counts[:, order]).cumsum(1)
        misses = (~right[:, order] & counts[:, order]).cumsum(1)
        recall = hits / count
        precision = hits / (hits + misses + np.spacing(1))
        precision = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]
        at_recalls = np.zeros((len(OVERLAPS), len(RECALLS)))
        for row, reached, best in zip(at_recalls, recall, precision, strict=True):
            at = np.searchsorted(reached, RECALLS)
            row[at < len(best)] = best[at[at < len(best)]]
        return at_recalls, recall[:, -1] if recall.size else np.zeros(len(OVERLAPS))

    def of_class(self, label: int) -> float | None:
        """AP of a class; None if it has no true box."""
        found = self.precision(label)
        return None if found is None else float(found[0].mean())

    def summary(self) -> dict[str, float | None]:
        """AP, AP50, AP75 and AR100 (the mean of the highest recalls); None if there was nothing to
        find."""
        found = [pair for label in self._true if (pair := self.precision(label)) is not None]
        if not found:
            return dict.fromkeys(("AP", "AP50", "AP75", "AR100"))
        precision = np.stack([of_class for of_class, _ in found])
        return {"AP": float(precision.mean()), "AP50": float(precision[:, 0].mean()),
                "AP75": float(precision[:, 5].mean()),
                "AR100": float(np.mean([recall for _, recall in found]))}
