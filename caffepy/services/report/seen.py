"""What a net sees, as pictures for people: what was done to them is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.core.layer import Layer
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.services.picture_rule import PictureRule
from caffepy.services.sheets.levels import Levels
from caffepy.services.sheets.record_names import record_names
from caffepy.services.sheets.untransformed import Untransformed

Array = NDArray[Any]


class Seen:
    """The pictures of the net's first data layer.

    Attributes:
        layer: that brings them.
        names: of the classes, those of labels.txt beside the data.
        label_name: what its labels are called in the prototxt, "" if it brings none.
    """

    def __init__(self, node: Node) -> None:
        self.layer: Layer = node.layer
        self._blob = node.tops[0]
        self.label_name = node.top_names[1] if len(node.tops) > 1 else ""
        self._rule = PictureRule.of_training(self.layer.spec, ())
        self.names = self._rule.label

    @classmethod
    def of(cls, net: Net) -> Seen | None:
        """None if no layer of the net brings records."""
        for node in net.nodes:
            if node.layer.ordered and node.tops:
                return cls(node)
        return None

    @property
    def batch(self) -> int:
        """Pictures that a forward brings."""
        return int(self._blob.shape[0])

    @cached_property
    def _before(self) -> Untransformed:
        return Untransformed(self._rule, self._blob.shape[1:])

    def called(self, numbers: Sequence[int]) -> list[str]:
        """What these records are called; "" for those without a name."""
        return record_names(self.layer, numbers)

    def picture(self, index: int) -> Array | None:
        """Item ``index`` of the batch, H x W x 3 bytes in OpenCV's order; None if it is none."""
        if self._blob.ndim != 4 or self._blob.shape[1] not in (1, 3):
            return None
        values = self._before(self._blob.values.read(Place.HOST)[index])
        levels = Levels.of(float(values.min()), float(values.max()))
        picture = levels.bytes(values).transpose(1, 2, 0)
        return np.ascontiguousarray(np.broadcast_to(picture, (*picture.shape[:2], 3)))
