"""What a net answers, item by item, held against the labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.checks import batches
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.errors import ConfigError
from caffepy.services.report.seen import Seen
from caffepy.services.report.worst import Worst

Array = NDArray[Any]

WORST = 48  # items kept to be shown


@dataclass
class Item:
    """One that was judged wrongly. Of several positions (a picture of labels) the answer is None.

    Attributes:
        probability: that the net gave the truth, the mean over all positions; the lower, the worse.
        number: which record it was, counted from 0 in the order in which they were read.
        confidence: the probability of the answer.
        right: the share of its positions that are right.
        picture: H x W x 3 bytes in OpenCV's order, or None if it is no picture.
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


class Judge:
    """Looks at a net after each forward; the net must keep its blobs.

    Attributes:
        node: the layer whose bottoms are held against each other.
        table: how often a class (row) was taken for a class (column).
        count: items so far; ``total`` those there are, or None where that is not known.
        top_k: an answer is right if the truth is among so many best.
        sign: -1 where scores are distances, of which the lowest is the best.
        right: positions whose truth was among them.
        worst: the items that were judged wrongly, WORST at most.

    Raises:
        ConfigError: nothing in the net compares scores with classes.
    """

    def __init__(self, net: Net) -> None:
        self.net = net
        self.node = _judged(net)
        self.seen = Seen.of(net)
        self.total = batches.records(self.seen.layer) if self.seen else None
        layer: Any = self.node.layer
        self.top_k = _top_k(self.node)
        self.sign = -1 if getattr(layer.p, "min_is_better", False) else 1
        classes = layer.at.classes
        self.table = np.zeros((classes, classes), np.int64)
        self.right = self.count = 0
        self.worst: Worst[Item] = Worst(WORST, self.seen)

    @property
    def batch(self) -> int:
        """Items that a forward brings."""
        return int(self.node.bottoms[0].shape[0])

    def look(self) -> None:
        """Judge the batch that was just run; items that come for the second time are left out."""
        layer: Any = self.node.layer
        scores, labels = (blob.values.read(Place.HOST) for blob in self.node.bottoms[:2])
        n, classes = scores.shape[0], layer.at.classes
        if self.total is not None:
            n = min(n, self.total - self.count)
        if layer.at.axis == 0 or n <= 0:
            return
        given = self.sign * np.moveaxis(scores[:n], layer.at.axis, -1).reshape(n, -1, classes)
        truth = labels.reshape(scores.shape[0], -1)[:n].astype(np.int64)
        counts = (truth >= 0) & (truth < classes)
        if layer.ignore_label is not None:
            counts &= truth != layer.ignore_label
        truth = np.where(counts, truth, 0)
        probabilities = _probabilities(given)
        of_truth = np.take_along_axis(given, truth[..., None], -1)
        rank = (~(given < of_truth)).sum(-1)  # as Accuracy does: an equal score is a better one
        among = (rank <= self.top_k) & counts
        others = given.copy()
        np.put_along_axis(others, truth[..., None], -np.inf, -1)
        answer = np.where(rank == 1, truth, others.argmax(-1))
        np.add.at(self.table, (truth[counts], answer[counts]), 1)
        self.right += int(among.sum())
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
                float(among[counts].mean()), self.seen.picture(i) if self.seen else None))


def _judged(net: Net) -> Node:
    """The layer whose bottoms are scores and classes: an Accuracy, or else a loss over classes.

    Of several it is the last, for those before judge scores on the way; of those that look at the
    same scores it is the one with the smallest top_k.
    """
    found = [node for node in net.nodes if 1 in node.layer.integers and len(node.bottoms) == 2
             and hasattr(node.layer, "at") and hasattr(node.layer, "ignore_label")]
    found = [node for node in found if node.layer.scores] or found
    if found:
        split = {top: node.bottoms[0] for node in net.nodes if node.layer.splits
                 for top in node.tops}
        scores = [split.get(node.bottoms[0], node.bottoms[0]) for node in found]
        return min((node for node, blob in zip(found, scores, strict=True)
                    if blob is scores[-1]), key=_top_k)
    raise ConfigError("no layer compares scores with labels, so there is nothing to report",
                      where=net.name or "the net",
                      fix='Add one for the TEST phase: layer { type: "Accuracy" bottom: the scores '
                          'bottom: "label" top: "accuracy" include { phase: TEST } }.')


def _top_k(node: Node) -> int:
    return getattr(node.layer.p, "top_k", 1) or 1


def _probabilities(scores: Array) -> Array:
    """Along the last axis; scores that are none yet go through a softmax."""
    scores = scores.astype(np.float64)
    if (scores >= 0).all() and np.allclose(scores.sum(-1), 1, atol=1e-3):
        return scores
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    result: Array = scores / scores.sum(-1, keepdims=True)
    return result
