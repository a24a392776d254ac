"""The answers of a net that names classes, record by record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.services.report import pairs

Array = NDArray[Any]


class Answer(NamedTuple):
    """Of one record.

    Attributes:
        confidence: the probability of the answer; ``of_truth``: of the truth.
    """

    record: int
    truth: int
    answer: int
    confidence: float
    of_truth: float


class Judged:
    """Looks at a net after each forward.

    Args:
        node: the layer whose bottoms are scores and classes.

    Attributes:
        answers: truth, answer, confidence and probability of the truth of each record, as columns.
        table: how often a class (row) was taken for a class (column).
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        layer: Any = node.layer
        self._sign = -1 if getattr(layer.p, "min_is_better", False) else 1
        self._parts: list[Array] = []
        self.table = np.zeros((layer.at.classes,) * 2, np.int64)

    def look(self, new: int) -> None:
        """Take the first ``new`` records of the batch that was just run."""
        layer: Any = self._node.layer
        scores, labels = (blob.values.read(Place.HOST) for blob in self._node.bottoms[:2])
        given = self._sign * np.moveaxis(scores, layer.at.axis, -1).reshape(
            len(scores), layer.at.classes)[:new].astype(np.float64)
        truth = labels.reshape(len(scores))[:new].astype(np.int64)
        shares = probabilities(given)
        counts = counted(layer, truth)
        inside = np.where(counts, truth, 0)
        answer = given.argmax(1)
        of_truth = np.take_along_axis(shares, inside[:, None], 1)[:, 0]
        self._parts.append(np.column_stack([
            np.where(counts, truth, -1), answer, shares.max(1), np.where(counts, of_truth, 1)]))
        np.add.at(self.table, (inside[counts], answer[counts]), 1)

    @property
    def answers(self) -> Array:
        return np.concatenate(self._parts) if self._parts else np.zeros((0, 4))

    @property
    def accuracy(self) -> float:
        return float(self.table.trace() / max(1, self.table.sum()))

    def of(self, truth: int | None = None, answer: int | None = None, wrong: bool = False
           ) -> list[Answer]:
        """The records of a truth and an answer, those first whose truth was thought least likely.

        Args:
            wrong: only those whose answer is not the truth.
        """
        answers = self.answers
        wanted = answers[:, 0] >= 0
        if truth is not None:
            wanted &= answers[:, 0] == truth
        if answer is not None:
            wanted &= answers[:, 1] == answer
        if wrong:
            wanted &= answers[:, 0] != answers[:, 1]
        numbers = np.flatnonzero(wanted)
        order = numbers[np.argsort(answers[numbers, 3], kind="stable")]
        return [Answer(int(i), int(answers[i, 0]), int(answers[i, 1]), float(answers[i, 2]),
                       float(answers[i, 3])) for i in order]


def counted(layer: Any, truth: Array) -> Array:
    """Which truths, of any shape, are classes that count for a layer that compares."""
    inside: Array = (truth >= 0) & (truth < layer.at.classes)
    return inside & ~np.isin(truth, pairs.ignored(layer))


def compares(net: Net) -> Node | None:
    """The last layer that compares scores with classes, an Accuracy if there is one."""
    found = [node for node in net.nodes if 1 in node.layer.integers and len(node.bottoms) == 2
             and hasattr(node.layer, "at")]
    found = [node for node in found if node.layer.scores] or found
    return found[-1] if found else None


def probabilities(scores: Array) -> Array:
    """Along the last axis; scores that are none yet go through a softmax."""
    if (scores >= 0).all() and np.allclose(scores.sum(-1), 1, atol=1e-3):
        return scores
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    result: Array = scores / scores.sum(-1, keepdims=True)
    return result


def called(names: Sequence[str], label: int | None) -> str:
    """A class's name, its number if it has none."""
    if label is None:
        return ""
    return names[label] if 0 <= label < len(names) and names[label] else str(label)
