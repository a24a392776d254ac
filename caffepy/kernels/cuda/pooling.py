"""Pooling by kernels of our own: Caffe's windows and its divisor are not cuDNN's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from caffepy.core.memory import Place, Shape, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.cuda.common import Left, device_of, order
from caffepy.kernels.operations.pooling import PoolingKernel, PoolingSpec
from caffepy.kernels.table import implements

PACK = 4  # channels that a thread takes at once, channels-last


@implements("method", "x", "y", "kernel", "stride", "pad", "training")
class Pooling(PoolingKernel):
    """The largest or the mean of each window, in the order that x lies in."""

    engine = "cuda"
    left: Left | None  # h * W + w of each maximum, as y lies in memory

    def __init__(self, spec: PoolingSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if len(spec.x) != 4:
            raise Unsupported("the CUDA kernels pool pictures")
        self.device = device_of(owner, spec, spec.x, spec.y)
        self.windows = (*spec.x[2:], *spec.y[2:], *spec.kernel, *spec.stride, *spec.pad)

    def _leaving(self) -> Left:
        if self.left is None:
            self.left = Left(self.device, Place.DEVICE.holding(self.spec.dtype),
                             math.prod(self.spec.y), np.int32)
        return self.left

    def forward(self, x: Tensor, y: Tensor, mask: Tensor | None = None) -> None:
        s, left = self.spec, self._leaving()
        place = left.place = order(x, self.spec.dtype)
        xs, ys = x.read(place), y.overwrite(place)
        if s.method == "ave":
            self._launch("mean_forward", place, s.y, xs, ys)
            return
        winner = left.numbers if s.training or mask is not None else None
        self._launch("max_forward", place, s.y, xs, ys, winner)
        if mask is not None:
            self.device.launch("pooling.positions", math.prod(s.y), winner,
                               mask.overwrite(place.whole))

    def backward(self, dy: Tensor, dx: Tensor) -> None:
        left = self._leaving()
        place, winner = left.place, left.numbers if self.spec.method == "max" else None
        dys = dy.read(place)
        self._launch("backward", place, self.spec.x, dys, winner, dx.overwrite(place))

    def _launch(self, kernel: str, place: Place, threads: Shape, *arrays: Any) -> None:
        """A thread for each number of a shape, or for each four channels of it."""
        channels, layout = self.spec.x[1], int(place.channels_last)
        if layout and channels % PACK == 0:
            layout = PACK
        pack = max(1, layout)
        self.device.launch(f"pooling.{kernel}", math.prod(threads) // pack, *arrays, layout,
                           channels // pack, *self.windows, dtype=self.spec.dtype)
