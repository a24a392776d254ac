"""What a detector finds, picture by picture, held against the true boxes.

DetectionEvaluate says in the net which detections are right; here they are counted once for each
record, as SSD counts them and as COCO does, and the pictures with the most mistakes are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.checks import batches
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.core.tally import Tally
from caffepy.errors import ConfigError
from caffepy.services.report import coco
from caffepy.services.report.coco import Coco
from caffepy.services.report.seen import Seen
from caffepy.services.report.worst import Worst

Array = NDArray[Any]

WORST = 24  # pictures kept to be shown
SHOWN = 0.5  # wrong detections from this score up are mistakes, and shown


@dataclass
class Mistaken:
    """A picture with mistakes, at an overlap of 0.5.

    Attributes:
        missed, wrong: the true boxes that nothing took, and the detections from ``SHOWN`` up that
            took none. The more of both together, the worse; then the surer the surest wrong one.
        number: which record it was.
        found: rows of class, score, four sides and whether it is right.
        boxes: rows of class, four sides and whether it was found.
        picture: H x W x 3 bytes in OpenCV's order, or None.
        name: what the record is called, "" if it has no name.
    """

    missed: int
    wrong: int
    number: int
    found: Array = field(repr=False)
    boxes: Array = field(repr=False)
    picture: Array | None = field(repr=False)
    name: str = ""


class Detections:
    """Looks at a net after each forward; the net must keep its blobs.

    Attributes:
        tally: of the records so far, as SSD counts; ``coco``: as COCO does.
        count: pictures so far; ``total`` those there are, or None where that is not known.
        batch: pictures that a forward brings; 0 where that is not known.
        worst: the pictures with mistakes, WORST at most.

    Args:
        node: the layer that says which detections are right.
        tally: of its rows.
    """

    def __init__(self, net: Net, node: Node, tally: Tally) -> None:
        self.node, self.tally, self.coco = node, tally, Coco()
        self.seen = Seen.of(net)
        self.total = batches.records(self.seen.layer) if self.seen else None
        self.batch = self.seen.batch if self.seen else 0
        self.count = 0
        self.worst: Worst[Mistaken] = Worst(WORST, self.seen)

    @classmethod
    def of(cls, net: Net, param: Any) -> Detections | None:
        """None if nothing in the net says which detections are right.

        Args:
            param: a SolverParameter, which says how average precision is taken.

        Raises:
            ConfigError: there is no such way.
        """
        for node in net.nodes:
            if len(node.bottoms) == 2 and (tally := node.layer.tally(param)) is not None:
                return cls(net, node, tally)
        return None

    @classmethod
    def required(cls, net: Net, param: Any) -> Detections:
        """The same; raises ConfigError where there is nothing of the kind."""
        found = cls.of(net, param)
        if found is None:
            raise ConfigError(
                "no layer says which detections are right", where=net.name or "the net",
                fix='Add one for the TEST phase: layer { type: "DetectionEvaluate" bottom: the '
                    'rows of DetectionOutput bottom: "label" top: "detection_eval" }.')
        return found

    def look(self) -> None:
        """Judge the batch that was just run; pictures that come for the second time are left
        out."""
        found, truth = (blob.values.read(Place.HOST).reshape(-1, columns)
                        for blob, columns in zip(self.node.bottoms, (7, 8), strict=True))
        ends = np.flatnonzero(np.trunc(truth[:, 0]) == -1)
        truth = truth[: ends[0]] if len(ends) else truth
        found = found[np.trunc(found[:, 1]) != -1]
        of_found, of_truth = found[:, 0].astype(int), truth[:, 0].astype(int)
        pictures = np.union1d(of_found, of_truth)
        n = self.batch or len(pictures)
        if self.total is not None:
            n = min(n, self.total - self.count)
            pictures = pictures[pictures < n]
        if n <= 0:
            return
        counts = self._counts(truth)
        self.tally.add(self._rows(truth[counts], n).reshape(-1))
        for i in map(int, pictures):
            here = of_truth == i
            self._judge(i, found[of_found == i].astype(np.float64),
                        truth[here].astype(np.float64), counts[here])
        self.count += n

    def _counts(self, truth: Array) -> Array:
        layer: Any = self.node.layer
        return np.ones(len(truth), bool) if layer.p.evaluate_difficult_gt else truth[:, 7] == 0

    def _rows(self, counted: Array, n: int) -> Array:
        """The layer's rows without the pictures from the n-th on, whose boxes its counts have."""
        rows = np.array(self.node.tops[0].values.read(Place.HOST).reshape(-1, 5))
        if n < self.batch:
            rows = rows[rows[:, 0] < n]
            labels = np.trunc(counted[counted[:, 0] < n, 1])
            for head in np.flatnonzero(rows[:, 0] == -1):
                rows[head, 2] = (labels == rows[head, 1]).sum()
        return rows

    def _judge(self, i: int, found: Array, truth: Array, counts: Array) -> None:
        right, wrong = np.zeros(len(found), bool), np.zeros(len(found), bool)
        missed = counts.copy()
        classes, true = found[:, 1].astype(int), truth[:, 1].astype(int)
        for label in np.union1d(classes, true).tolist():
            ours, theirs = np.flatnonzero(classes == label), np.flatnonzero(true == label)
            of_class = coco.match(found[ours, 2], found[ours, 3:], truth[theirs, 3:7],
                                  ~counts[theirs])
            self.coco.add(label, found[ours, 2], of_class, int(counts[theirs].sum()))
            order = ours[of_class.order]
            right[order] = of_class.right[0]
            wrong[order] = of_class.counts[0] & ~of_class.right[0]
            missed[theirs[of_class.taken[0]]] = False
        wrong &= found[:, 2] >= SHOWN
        if missed.any() or wrong.any():
            self._keep(i, found, truth, right, wrong, missed)

    def _keep(self, i: int, found: Array, truth: Array, right: Array, wrong: Array, missed: Array
              ) -> None:
        counts = int(missed.sum()), int(wrong.sum())
        badness = sum(counts), float(found[wrong, 2].max(initial=0))
        if self.worst.takes(badness, self.count + i):
            shown = right | wrong
            self.worst.keep(badness, Mistaken(
                *counts, self.count + i, np.column_stack([found[shown, 1:], right[shown]]),
                np.column_stack([truth[:, 1], truth[:, 3:7], ~missed]),
                self.seen.picture(i) if self.seen else None))
