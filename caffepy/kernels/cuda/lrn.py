"""Local response normalization by a kernel of our own: cuDNN's stops at windows of 16."""

from __future__ import annotations

import math

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.cuda.common import Left, device_of, order
from caffepy.kernels.operations.lrn import LRNKernel, LRNSpec
from caffepy.kernels.table import implements


@implements("region", "shape", "size", "alpha", "beta", "k", "training")
class LRN(LRNKernel):
    """y = x * s^-beta, in the order that x lies in."""

    engine = "cuda"
    left: Left | None  # the scale

    def __init__(self, spec: LRNSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.device = device_of(owner, spec, spec.shape)
        self.count = math.prod(spec.shape)
        self.across = spec.region == "across"
        self.k = float(spec.k) if self.across else 1.0
        self.rate = spec.alpha / spec.size ** (1 if self.across else 2)

    def _leaving(self) -> Left:
        if self.left is None:
            place = Place.DEVICE.holding(self.spec.dtype)
            self.left = Left(self.device, place, self.count, np.float32)
        return self.left

    def forward(self, x: Tensor, y: Tensor) -> None:
        left = self._leaving()
        place = left.place = order(x, self.spec.dtype)
        self.device.launch(
            "lrn.forward", self.count, x.read(place), y.overwrite(place),
            left.numbers if self.spec.training else None, *self._geometry(place), self.k,
            float(self.rate), float(self.spec.beta), dtype=self.spec.dtype)

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        left = self._leaving()
        place = left.place
        xs, ys, dys = (tensor.read(place) for tensor in (x, y, dy))
        self.device.launch(
            "lrn.backward", self.count, xs, ys, dys, left.numbers, dx.overwrite(place),
            *self._geometry(place), float(self.rate), float(self.spec.beta), dtype=self.spec.dtype)

    def _geometry(self, place: Place) -> tuple[int | bool, ...]:
        s = self.spec
        return place.channels_last, self.across, *s.shape[1:], s.size // 2
