"""What a net sees, as pictures for people: what was done to them is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from caffepy.core.layer import Layer
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.services import work
from caffepy.services.picture_rule import PictureRule

Array = NDArray[Any]


@runtime_checkable
class Named(Protocol):
    """A layer that knows what its records are called."""

    def called(self, numbers: Sequence[int]) -> list[str]: ...


class Seen:
    """The pictures of the net's first data layer.

    Attributes:
        layer: that brings them.
        names: of the classes, those of labels.txt beside the data.
    """

    def __init__(self, node: Node) -> None:
        self.layer: Layer = node.layer
        self._blob = node.tops[0]
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
    def _mean(self) -> Array:
        """What was taken off, in a shape that can be added."""
        mean = self._rule.mean(self._blob.shape)
        return np.zeros((1, 1, 1)) if mean is None else mean.reshape(len(mean), *mean.shape[1:] or (
            1, 1))

    def called(self, numbers: Sequence[int]) -> list[str]:
        """What these records are called; "" for those without a name."""
        if not isinstance(self.layer, Named):
            return [""] * len(numbers)
        with work.quiet():
            return self.layer.called(numbers)

    def picture(self, index: int) -> Array | None:
        """Item ``index`` of the batch, H x W x 3 bytes in OpenCV's order; None if it is none."""
        if self._blob.ndim != 4 or self._blob.shape[1] not in (1, 3):
            return None
        values = self._blob.values.read(Place.HOST)[index] / (self._rule.scale or 1) + self._mean
        low, high = float(values.min()), float(values.max())
        if low < -1 or high > 256 or high <= 1.5:  # not what pictures have: stretch it
            values = (values - low) * (255 / (high - low or 1))
        picture = values.round().clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
        return np.ascontiguousarray(np.broadcast_to(picture, (*picture.shape[:2], 3)))
