"""The answers of a detector, picture by picture, so that thresholds can be tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.services.report import coco

Array = NDArray[Any]

RIGHT, WRONG, FOUND, MISSED, ASIDE = "right", "wrong", "found", "missed", "aside"
LEAST = 0.05  # score below which a detection is not kept
MOST = 100    # detections of a picture that are


@dataclass(frozen=True)
class Frame:
    """A box, in shares of the picture's sides.

    Attributes:
        score: None of a true one.
        state: of a detection RIGHT or WRONG, of a true box FOUND or MISSED; of what is marked as
            difficult, and of what took such a box, ASIDE: it does not count.
        taken: of a true box: the score of the detection that took it, 0 for none.
    """

    label: int
    left: float
    top: float
    right: float
    bottom: float
    score: float | None
    state: str
    taken: float = 0.0

    def seen(self, threshold: float) -> str:
        """The state, if only detections from a score up count."""
        return MISSED if self.state == FOUND and self.taken < threshold else self.state


@dataclass
class Boxes:
    """Of one picture: what was found, the surest first, and what is there."""

    record: int
    found: list[Frame] = field(default_factory=list)
    true: list[Frame] = field(default_factory=list)

    def mistakes(self, threshold: float) -> tuple[int, int]:
        """How many are missed, and how many wrong, from a score up."""
        kept = [one.state for one in self.found if (one.score or 0) >= threshold]
        counted = sum(one.state != ASIDE for one in self.true)
        return counted - kept.count(RIGHT), kept.count(WRONG)


class Detected:
    """Looks at a net after each forward.

    Args:
        node: the layer whose bottoms are detections (rows of 7) and true boxes (rows of 8).
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self.pictures: list[Boxes] = []

    def look(self, new: int) -> None:
        """Take the first ``new`` records of the batch that was just run."""
        found, truth = (blob.values.read(Place.HOST).reshape(-1, columns).astype(np.float64)
                        for blob, columns in zip(self._node.bottoms, (7, 8), strict=True))
        ends = np.flatnonzero(np.trunc(truth[:, 0]) == -1)
        truth = truth[: ends[0]] if len(ends) else truth
        found = found[(found[:, 1] >= 0) & (found[:, 2] >= LEAST)]
        start = len(self.pictures)
        for i in range(new):
            self.pictures.append(_matched(
                start + i, found[found[:, 0] == i], truth[truth[:, 0] == i]))

    def counts(self, threshold: float) -> dict[int, tuple[int, int, int]]:
        """Of each class how many true boxes there are, how many were found, and how many
        detections are wrong, from a score up."""
        result: dict[int, list[int]] = {}
        for picture in self.pictures:
            for one in picture.true:
                result.setdefault(one.label, [0, 0, 0])[0] += one.state != ASIDE
            for one in picture.found:
                if (one.score or 0) >= threshold and one.state != ASIDE:
                    result.setdefault(one.label, [0, 0, 0])[1 if one.state == RIGHT else 2] += 1
        return {label: (a, b, c) for label, (a, b, c) in sorted(result.items())}

    def worst(self, threshold: float) -> list[Boxes]:
        """The pictures with the most mistakes first; without those that have none."""
        scored = [(sum(one.mistakes(threshold)), one) for one in self.pictures]
        return [one for count, one in sorted(scored, key=lambda pair: -pair[0]) if count]


def _matched(record: int, found: Array, truth: Array) -> Boxes:
    """Which detections are right, at an overlap of 0.5, as COCO matches them."""
    found = found[np.argsort(-found[:, 2], kind="stable")][:MOST]
    states = np.full(len(found), WRONG, object)
    aside = truth[:, 7] > 0
    of_true = np.where(aside, ASIDE, MISSED).astype(object)
    taken = np.zeros(len(truth))
    for label in np.unique(found[:, 1]):
        ours, theirs = np.flatnonzero(found[:, 1] == label), np.flatnonzero(truth[:, 1] == label)
        match = coco.match(found[ours, 2], found[ours, 3:], truth[theirs, 3:7], aside[theirs])
        order = ours[match.order]
        states[order[~match.counts[0]]] = ASIDE
        states[order[match.right[0]]] = RIGHT
        hit = match.taken[0] & ~aside[theirs]
        taken[theirs[hit]] = found[order[match.taker[0][hit]], 2]
        of_true[theirs[hit]] = FOUND
    return Boxes(record,
                 [_frame(row, float(row[2]), state)
                  for row, state in zip(found, states, strict=True)],
                 [_frame(row, None, state, by) for row, state, by in zip(
                     truth, of_true, taken.tolist(), strict=True)])


def _frame(row: Array, score: float | None, state: str, by: float = 0.0) -> Frame:
    left, top, right, bottom = row[3:7].tolist()
    return Frame(int(row[1]), left, top, right, bottom, score, state, by)


def finds(net: Net) -> Node | None:
    """The layer that holds detections against true boxes; None if there is none."""
    return next((node for node in net.nodes if len(node.bottoms) == 2
                 and node.bottoms[0].shape[-1:] == (7,) and node.bottoms[1].shape[-1:] == (8,)
                 and node.layer.scores), None)
