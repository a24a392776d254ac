"""Local response normalization by a kernel of our own: cuDNN's stops at windows of 16."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from caffepy.core.memory import Array, Place, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.cuda.common import device_of, order
from caffepy.kernels.operations.lrn import LRNKernel, LRNSpec
from caffepy.kernels.table import implements


@implements("region", "shape", "size", "alpha", "beta", "k", "training")
class LRN(LRNKernel):
    """y = x * s^-beta, in the order that x lies in."""

    engine = "cuda"

    def __init__(self, spec: LRNSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.device = device_of(owner, spec, spec.shape)
        self.count = math.prod(spec.shape)
        self.place = Place.DEVICE.holding(spec.dtype)
        self.across = spec.region == "across"
        self.k = float(spec.k) if self.across else 1.0
        self.rate = spec.alpha / spec.size ** (1 if self.across else 2)

    @cached_property
    def _scale(self) -> Array:
        with self.device.computing():
            return self.device.xp.empty(self.count, np.float32)

    def forward(self, x: Tensor, y: Tensor) -> None:
        self.place = order(x, self.spec.dtype)
        self.device.launch(
            "lrn.forward", self.count, x.read(self.place), y.overwrite(self.place),
            self._scale if self.spec.training else None, *self._geometry(), self.k,
            float(self.rate), float(self.spec.beta), dtype=self.spec.dtype)

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        xs, ys, dys = (tensor.read(self.place) for tensor in (x, y, dy))
        self.device.launch(
            "lrn.backward", self.count, xs, ys, dys, self._scale, dx.overwrite(self.place),
            *self._geometry(), float(self.rate), float(self.spec.beta), dtype=self.spec.dtype)

    def _geometry(self) -> tuple[int | bool, ...]:
        s = self.spec
        return self.place.channels_last, self.across, *s.shape[1:], s.size // 2
