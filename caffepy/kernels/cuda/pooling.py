"""Pooling by kernels of our own: Caffe's windows and its divisor are not cuDNN's."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from caffepy.core.memory import Array, Place, Tensor
from caffepy.kernels.base import Engine, PoolingKernel, PoolingSpec
from caffepy.kernels.cuda.common import device_of, order


class Pooling(PoolingKernel):
    """The largest or the mean of each window, in the order that x lies in."""

    engine = "cuda"

    def __init__(self, spec: PoolingSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.device = device_of(owner, spec, spec.x, spec.y)
        self.place = Place.DEVICE  # of the last forward, and so of the winners
        self.windows = (*spec.x[1:], *spec.y[2:], *spec.kernel, *spec.stride, *spec.pad)

    @cached_property
    def _winner(self) -> Array:
        """h * W + w of each maximum, as y lies in memory."""
        with self.device.computing():
            return self.device.xp.empty(math.prod(self.spec.y), np.int32)

    def forward(self, x: Tensor, y: Tensor, mask: Tensor | None = None) -> None:
        s, place = self.spec, order(x)
        self.place = place
        xs, ys, count = x.read(place), y.overwrite(place), math.prod(s.y)
        if s.method == "ave":
            self.device.launch("pooling.mean_forward", count, xs, ys, place.channels_last,
                               *self.windows)
            return
        winner = self._winner if s.training or mask is not None else None
        self.device.launch("pooling.max_forward", count, xs, ys, winner, place.channels_last,
                           *self.windows)
        if mask is not None:
            self.device.launch("pooling.positions", count, winner, mask.overwrite(place))

    def backward(self, dy: Tensor, dx: Tensor) -> None:
        s, place = self.spec, self.place
        dys, dxs, count = dy.read(place), dx.overwrite(place), math.prod(s.x)
        if s.method == "ave":
            self.device.launch("pooling.mean_backward", count, dys, dxs, place.channels_last,
                               *self.windows)
        else:
            self.device.launch("pooling.max_backward", count, dys, self._winner, dxs,
                               place.channels_last, *self.windows)
