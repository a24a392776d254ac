"""The answers of a net that labels each pixel: how right they are, and the worst as pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.board.results.judged import counted
from caffepy.core.memory import Place
from caffepy.core.node import Node
from caffepy.services.report.seen import Seen
from caffepy.services.report.worst import Worst
from caffepy.services.sheets.page import fitted
from caffepy.services.sheets.palette import painted

Array = NDArray[Any]

KEPT = 48   # pictures
SIDE = 320  # pixels of each


@dataclass
class Labelled:
    """One picture.

    Attributes:
        right: the share of its pixels that are.
        picture, truth, answer: H x W x 3 bytes in OpenCV's order; labels are painted in Pascal
            VOC's colours, those that do not count nearly white.
    """

    number: int
    right: float
    picture: Array | None = field(repr=False)
    truth: Array = field(repr=False)
    answer: Array = field(repr=False)
    name: str = ""


class Segmented:
    """Looks at a net after each forward.

    Attributes:
        table: how often a class (row) was taken for a class (column), in pixels.
    """

    def __init__(self, node: Node, seen: Seen | None) -> None:
        self._node, self._seen = node, seen
        layer: Any = node.layer
        self.table = np.zeros((layer.at.classes,) * 2, np.int64)
        self._count = 0
        self.worst: Worst[Labelled] = Worst(KEPT, seen)

    def look(self, new: int) -> None:
        """Take the first ``new`` records of the batch that was just run."""
        layer: Any = self._node.layer
        scores, labels = (blob.values.read(Place.HOST) for blob in self._node.bottoms[:2])
        answers = scores[:new].argmax(1)
        truths = labels.reshape(len(labels), *answers.shape[1:])[:new].astype(np.int64)
        for i, (answer, truth) in enumerate(zip(answers, truths, strict=True)):
            counts = counted(layer, truth)
            np.add.at(self.table, (truth[counts], answer[counts]), 1)
            right = float((truth == answer)[counts].mean()) if counts.any() else 1.0
            if self.worst.takes((-right,), self._count + i):
                picture = self._seen.picture(i) if self._seen else None
                self.worst.keep((-right,), Labelled(
                    self._count + i, right, None if picture is None else fitted(picture, SIDE),
                    fitted(painted(np.where(counts, truth, 255)), SIDE),
                    fitted(painted(answer), SIDE)))
        self._count += new

    @property
    def accuracy(self) -> float:
        """The share of all pixels that are right."""
        return float(self.table.trace() / max(1, self.table.sum()))

    @property
    def mean_iou(self) -> float:
        """The mean over the classes that occur of intersection over union."""
        both = self.table.diagonal()
        union = self.table.sum(0) + self.table.sum(1) - both
        occurs = self.table.sum(1) > 0
        return float((both[occurs] / union[occurs]).mean()) if occurs.any() else 0.0
