"""What a net answers, item by item, held against the labels: classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.core.memory import Place
from caffepy.services.report import pairs
from caffepy.services.report.calibration import Calibration
from caffepy.services.report.pairs import Pair
from caffepy.services.report.ranking import Ranking
from caffepy.services.report.seen import Seen
from caffepy.services.report.worst import Worst

Array = NDArray[Any]

WORST = 48  # items kept to be shown
RANKED = 30  # classes up to which each is told from the rest by curves


@dataclass
class Item:
    """One that was judged wrongly. Of several positions (a picture of labels) the answer is None.

    Attributes:
        probability: that the net gave the truth, the mean over all positions; the lower, the worse.
        number: which record it was, counted from 0 in the order in which they were read.
        confidence: the probability of the answer.
        right: the share of its positions that are right.
        picture: H x W x 3 bytes in OpenCV's order, or None if it is no picture.
        labels: of a picture of labels truth and answer, H x W bytes each; 255 does not count.
        name: what the record is called, "" if it has no name.
    """

    probability: float
    number: int
    truth: int | None
    answer: int | None
    confidence: float
    right: float
    picture: Array | None = field(repr=False)
    name: str = ""
    labels: tuple[Array, Array] | None = field(default=None, repr=False)


class Records:
    """How far a judge has come; the net must keep its blobs.

    Attributes:
        pair: what is held against each other.
        count: items so far; ``total`` those there are, or None where that is not known.
    """

    def __init__(self, pair: Pair, seen: Seen | None, total: int | None) -> None:
        self.pair, self.seen, self.total = pair, seen, total
        self.count = 0

    @property
    def batch(self) -> int:
        """Items that a forward brings."""
        return int(self.pair.answer.shape[0])

    def new(self) -> int:
        """How many of the batch that was just run come for the first time."""
        return self.batch if self.total is None else max(
            0, min(self.batch, self.total - self.count))

    def read(self) -> tuple[Array, Array]:
        """Answers and truths of the batch."""
        return (self.pair.answer.values.read(Place.HOST), self.pair.truth.values.read(Place.HOST))


class Judge(Records):
    """Looks at classes after each forward.

    Attributes:
        node: the layer whose bottoms are held against each other.
        table: how often a class (row) was taken for a class (column).
        ranks: how often the truth was the first, the second ... best answer.
        top_k: an answer is right if the truth is among so many best.
        sign: -1 where scores are distances, of which the lowest is the best.
        right: positions whose truth was among them.
        dense: whether labels are pictures, as in segmentation.
        calibration: of the confidence.
        rankings: for classes by number, how well the probability tells each from the rest: of two
            classes the second, of up to RANKED each, where labels are no pictures.
        worst: the items that were judged wrongly, WORST at most.
    """

    def __init__(self, pair: Pair, seen: Seen | None, total: int | None) -> None:
        super().__init__(pair, seen, total)
        self.node = pair.node
        layer: Any = self.node.layer
        self.at = layer.at
        self.top_k = pairs.top_k(pair)
        self.sign = -1 if getattr(layer.p, "min_is_better", False) else 1
        self.ignored = pairs.ignored(pair.node.layer)
        classes = self.at.classes
        self.table = np.zeros((classes, classes), np.int64)
        self.ranks = np.zeros(classes, np.int64)
        self.right = 0
        self.dense = pair.truth.count > self.batch
        self.calibration = Calibration()
        ranked = (1,) if classes == 2 else range(classes) if (
            2 < classes <= RANKED and not self.dense) else ()
        self.rankings = {label: Ranking() for label in ranked}
        self.worst: Worst[Item] = Worst(WORST, seen)

    def look(self) -> None:
        """Judge the batch that was just run; items that come for the second time are left out."""
        n, classes = self.new(), self.at.classes
        if self.at.axis == 0 or not n:
            return
        scores, labels = self.read()
        given = self.sign * np.moveaxis(scores[:n], self.at.axis, -1).reshape(n, -1, classes)
        truth = labels.reshape(scores.shape[0], -1)[:n].astype(np.int64)
        counts = (truth >= 0) & (truth < classes) & ~np.isin(truth, self.ignored)
        truth = np.where(counts, truth, 0)
        probabilities = _probabilities(given)
        of_truth = np.take_along_axis(given, truth[..., None], -1)
        rank = (~(given < of_truth)).sum(-1)  # as Accuracy does: an equal score is a better one
        among = (rank <= self.top_k) & counts
        others = given.copy()
        np.put_along_axis(others, truth[..., None], -np.inf, -1)
        answer = np.where(rank == 1, truth, others.argmax(-1))
        np.add.at(self.table, (truth[counts], answer[counts]), 1)
        self.ranks += np.bincount(rank[counts] - 1, minlength=classes)
        self.right += int(among.sum())
        self.calibration.add(probabilities.max(-1)[counts], rank[counts] == 1)
        for label, ranking in self.rankings.items():
            ranking.add(probabilities[counts, label], truth[counts] == label)
        for i in map(int, np.flatnonzero((counts & ~among).any(1))):
            self._keep(i, truth[i], answer[i], among[i], counts[i], probabilities[i])
        self.count += n

    def _keep(self, i: int, truth: Array, answer: Array, among: Array, counts: Array,
              probabilities: Array) -> None:
        of_truth = float(np.take_along_axis(probabilities, truth[:, None], -1)[counts].mean())
        badness = (-of_truth if np.isfinite(of_truth) else np.inf,)
        if self.worst.takes(badness, self.count + i):
            single = len(truth) == 1
            self.worst.keep(badness, Item(
                of_truth, self.count + i, int(truth[0]) if single else None,
                int(answer[0]) if single else None, float(probabilities.max(-1)[counts].mean()),
                float(among[counts].mean()), self.seen.picture(i) if self.seen else None,
                labels=self._labels(truth, answer, counts)))

    def _labels(self, truth: Array, answer: Array, counts: Array) -> tuple[Array, Array] | None:
        shape = self.pair.answer.shape
        if len(shape) != 4 or self.at.axis != 1 or len(truth) == 1 or shape[1] > 255:
            return None
        marked = (np.where(counts, labels, 255).astype(np.uint8).reshape(shape[2:])
                  for labels in (truth, answer))
        return next(marked), next(marked)


def _probabilities(scores: Array) -> Array:
    """Along the last axis; scores that are none yet go through a softmax."""
    scores = scores.astype(np.float64)
    if (scores >= 0).all() and np.allclose(scores.sum(-1), 1, atol=1e-3):
        return scores
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    result: Array = scores / scores.sum(-1, keepdims=True)
    return result
