"""What a net holds against each other: its answers and the truths, by the layers that compare them.

Layers that compare with the same truths judge the same: of a net with three losses and two
Accuracy layers on one label there is one set, of a net that tells age and sex there are two. Of
those that judge the same, the last scores count, for those before judge on the way; and of Accuracy
layers on these the one with the smallest top_k. What is compared as numbers, too, is no yes or no
(the pictures that an autoencoder gives again).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caffepy.core.blob import Blob
from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.errors import ConfigError

CLASSES, NUMBERS, MARKS = "classes", "numbers", "marks"


@dataclass(frozen=True)
class Pair:
    """One set of truths.

    Attributes:
        kind: CLASSES: whole numbers that say which score should be the highest; NUMBERS: what the
            answers should be; MARKS: yes or no for each score, whose sigmoid is the probability.
        node: the layer that compares.
        answer, truth: its bottoms.
        name: what the truths are called in the prototxt.
    """

    kind: str
    node: Node
    answer: Blob
    truth: Blob
    name: str


def of(net: Net) -> list[Pair]:
    """The sets of a net, in the order of the layers that compare.

    Raises:
        ConfigError: there are none.
    """
    origin = _Origins(net)
    sets: dict[tuple[str, int], list[Pair]] = {}
    for node in net.nodes:
        if (pair := _pair(node, origin)) is not None:
            sets.setdefault((pair.kind, id(origin.blob(pair.truth))), []).append(pair)
    found = [_judge(pairs, origin) for (kind, truth), pairs in sets.items()
             if kind != MARKS or (NUMBERS, truth) not in sets]
    if found:
        return sorted(found, key=lambda pair: pair.node.number)
    raise ConfigError("no layer compares scores with labels, so there is nothing to report",
                      where=net.name or "the net",
                      fix='Add one for the TEST phase: layer { type: "Accuracy" bottom: the scores '
                          'bottom: "label" top: "accuracy" include { phase: TEST } }.')


class _Origins:
    """Where blobs come from: before splits, and whether learned numbers are in them."""

    def __init__(self, net: Net) -> None:
        self._before = {id(top): node.bottoms[0] for node in net.nodes if node.layer.splits
                        for top in node.tops}
        self._names: dict[int, str] = {}
        self._learned: set[int] = set()
        for node in net.nodes:
            learned = bool(node.layer.blobs) or any(
                id(bottom) in self._learned for bottom in node.bottoms)
            for name, top in node.named_tops:
                self._names.setdefault(id(top), name)
                if learned:
                    self._learned.add(id(top))

    def blob(self, blob: Blob) -> Blob:
        return self._before.get(id(blob), blob)

    def name(self, blob: Blob) -> str:
        return self._names.get(id(self.blob(blob)), "label")

    def learned(self, blob: Blob) -> bool:
        return id(blob) in self._learned


def _pair(node: Node, origin: _Origins) -> Pair | None:
    """What a layer compares; None if it does not."""
    if len(node.bottoms) < 2:
        return None
    answer, truth = node.bottoms[:2]
    if 1 in node.layer.integers:
        at = getattr(node.layer, "at", None)  # soft labels are as many as the scores
        known = at is not None and truth.count * at.classes == answer.count and (
            node.layer.scores or hasattr(node.layer, "ignore_label"))
        return Pair(CLASSES, node, answer, truth, origin.name(truth)) if known else None
    if node.layer.compares and len(node.bottoms) == 2 and answer.count == truth.count:
        sides = origin.learned(answer), origin.learned(truth)
        if sides == (False, True) and node.layer.compares == NUMBERS:  # either may come first
            answer, truth = truth, answer
        elif sides != (True, False):
            return None
        return Pair(node.layer.compares, node, answer, truth, origin.name(truth))
    return None


def _judge(pairs: list[Pair], origin: _Origins) -> Pair:
    pairs = [pair for pair in pairs if pair.node.layer.scores] or pairs
    last = origin.blob(pairs[-1].answer)
    return min((pair for pair in pairs if origin.blob(pair.answer) is last), key=top_k)


def top_k(pair: Pair) -> int:
    """Among how many best the truth may be."""
    return getattr(pair.node.layer.p, "top_k", 1) or 1


def ignored(layer: Any) -> tuple[int, ...]:
    """The truths that do not count for a layer that compares classes."""
    if hasattr(layer, "ignore_label"):
        return () if layer.ignore_label is None else (int(layer.ignore_label),)
    return tuple(getattr(layer.p, "ignore_label", ()))
