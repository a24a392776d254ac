"""What a net sees, as pictures for people: what was done to them is taken back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from caffepy.core.layer import Layer
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.data.transform import read_mean
from caffepy.proto.paths import path_of
from caffepy.services import work

Array = NDArray[Any]


@runtime_checkable
class Named(Protocol):
    """A layer that knows what its records are called."""

    def called(self, numbers: Sequence[int]) -> list[str]: ...


class Seen:
    """The pictures of the net's first data layer.

    Attributes:
        layer: that brings them.
    """

    def __init__(self, node: Node) -> None:
        self.layer: Layer = node.layer
        self._blob = node.tops[0]
        rule = self.layer.spec.transform_param
        self._scale = rule.scale if self.layer.pictures else 1.0
        self._mean: Array = np.zeros((1, 1, 1), np.float32)
        if not self.layer.pictures or self._blob.ndim != 4:
            return
        if rule.mean_value:
            self._mean = np.array(rule.mean_value, np.float32)[:, None, None]
        elif rule.HasField("mean_file"):
            mean = read_mean(path_of(rule, "mean_file"))
            rows, columns = self._blob.shape[2:]
            top, left = (mean.shape[1] - rows) // 2, (mean.shape[2] - columns) // 2
            self._mean = mean[:, top : top + rows, left : left + columns]

    @classmethod
    def of(cls, net: Net) -> Seen | None:
        """None if no layer of the net brings records."""
        for node in net.nodes:
            if node.layer.ordered and node.tops:
                return cls(node)
        return None

    @property
    def folder(self) -> str:
        """Where its data lie."""
        name = self.layer.source_field
        source = path_of(self.layer.p, name) if name else ""
        return os.path.dirname(source.rstrip("/"))

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
        values = self._blob.values.read(Place.HOST)[index] / (self._scale or 1) + self._mean
        low, high = float(values.min()), float(values.max())
        if low < -1 or high > 256 or high <= 1.5:  # not what pictures have: stretch it
            values = (values - low) * (255 / (high - low or 1))
        picture = values.round().clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
        return np.ascontiguousarray(np.broadcast_to(picture, (*picture.shape[:2], 3)))
