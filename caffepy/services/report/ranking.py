"""How well a score tells one class from the rest: ROC and precision-recall curves, their areas.

Let the threshold fall over the scores, equal ones at once. Of P positives and N negatives TP and FP
are then above it. The ROC curve is TP / P over FP / N, straight between two thresholds; its area is
the chance that a positive has a higher score than a negative, equal scores counting half. The
other curve is precision TP / (TP + FP) over recall TP / P; its area is the average precision,

    AP = sum over thresholds of (recall - recall before) precision

without interpolation. Both as scikit-learn takes them (Fawcett 2006, "An introduction to ROC
analysis").

Up to ``MOST`` different scores are kept, and then both are exact. Of more, neighbours share a
threshold, each a few times 1 / MOST of the scores unless these are equal; so the memory stays what
it is however many come, and areas are off by about that much at most.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
MOST = 20_000  # thresholds that are kept
WAITING = 4 * MOST  # scores that wait until they are counted
SHOWN = 500  # points of a curve that is written or drawn


class Ranking:
    """Counts positives and negatives by score."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._scores: Array = np.zeros(0)  # falling
        self._counts: Array = np.zeros((2, 0), np.int64)  # positives and negatives at each
        self._waiting: list[tuple[Array, Array]] = []
        self._count = 0

    def add(self, scores: Array, positive: Array) -> None:
        """Scores, and which of them are of positives; what is no number counts as the lowest."""
        scores = np.where(np.isnan(scores), -np.inf, scores).astype(np.float64)
        self._waiting.append((scores, np.asarray(positive, bool)))
        self._count += len(scores)
        if self._count > max(WAITING, 4 * self.most):
            self._settle()

    def _settle(self) -> None:
        if not self._waiting:
            return
        scores = np.concatenate([self._scores, *(some for some, _ in self._waiting)])
        new = np.concatenate([positive for _, positive in self._waiting])
        counts = np.concatenate([self._counts, [new, ~new]], 1)
        self._waiting, self._count = [], 0
        order = np.argsort(-scores, kind="stable")
        self._scores, starts = _runs(scores[order])
        self._counts = np.add.reduceat(counts[:, order], starts, 1) if len(starts) else counts
        if len(self._scores) > self.most:
            self._merge()

    def _merge(self) -> None:
        """Let neighbours share a threshold, half of ``most`` of them with as many scores each."""
        sizes = self._counts.sum(0)
        share = sizes.sum() / (self.most // 2)
        group = ((sizes.cumsum() - sizes / 2) // share).astype(np.int64)
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        ends = np.append(starts[1:], len(sizes)) - 1
        self._scores = self._scores[ends]  # all of a group are at it or above
        self._counts = np.add.reduceat(self._counts, starts, 1)

    @property
    def positives(self) -> int:
        """How many there are."""
        self._settle()
        return int(self._counts[0].sum())

    @property
    def negatives(self) -> int:
        """How many there are."""
        self._settle()
        return int(self._counts[1].sum())

    def points(self) -> tuple[Array, Array, Array]:
        """Falling thresholds, and how many positives and negatives lie at them or above."""
        self._settle()
        above = self._counts.cumsum(1)
        return self._scores, above[0], above[1]

    def roc(self) -> tuple[Array, Array, Array]:
        """Thresholds, FP / N and TP / P, from (0, 0) on, whose threshold is infinite."""
        thresholds, right, wrong = self.points()
        return (np.insert(thresholds, 0, np.inf),
                np.insert(wrong / max(self.negatives, 1), 0, 0.0),
                np.insert(right / max(self.positives, 1), 0, 0.0))

    def precision_recall(self) -> tuple[Array, Array, Array]:
        """Thresholds, precision and recall."""
        thresholds, right, wrong = self.points()
        return thresholds, right / np.maximum(right + wrong, 1), right / max(self.positives, 1)

    def roc_area(self) -> float | None:
        """The area under the ROC curve; None if there are no positives, or nothing else."""
        if not self.positives or not self.negatives:
            return None
        _, x, y = self.roc()
        return float(((x[1:] - x[:-1]) * (y[1:] + y[:-1])).sum() / 2)

    def average_precision(self) -> float | None:
        """The area under the other one; None if there are no positives."""
        if not self.positives:
            return None
        _, precision, recall = self.precision_recall()
        return float((np.diff(recall, prepend=0.0) * precision).sum())


def _runs(values: Array) -> tuple[Array, Array]:
    """The different ones of sorted values, and where each begins."""
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))[: len(values)]
    return values[starts], starts


def thinned(count: int, most: int = SHOWN) -> Array:
    """Which of so many points are shown: evenly, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))
