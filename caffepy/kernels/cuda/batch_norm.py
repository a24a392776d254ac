"""Batch normalization (Ioffe and Szegedy 2015), without scale and shift."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from caffepy.core.memory import Array, Place, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.cuda.common import FLOAT, Sums, device_of, extents, order
from caffepy.kernels.cuda.device import Device
from caffepy.kernels.operations.batch_norm import BatchNormKernel, BatchNormSpec
from caffepy.kernels.table import implements


class _Left:
    """The statistics, and ``count`` numbers of y, where it may be overwritten."""

    def __init__(self, device: Device, channels: int, count: int, place: Place) -> None:
        self.place = place  # the order that x lay in
        self.mean: Array = None  # the caller's own array
        with device.computing():
            self.rate = device.xp.empty(channels, np.float32)
            self.normal = device.xp.empty(count, place.dtype(FLOAT)) if count else None


@implements("shape", "eps", "given", "inplace", "training")
class BatchNorm(BatchNormKernel):
    """y = (x - mean) * rate with rate = 1 / sqrt(variance + eps).

    dx = (dy - mean(dy) - y * mean(dy * y)) * rate, or dy * rate where the statistics are given.
    """

    engine = "cuda"
    left: _Left | None

    def __init__(self, spec: BatchNormSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.device = device_of(owner, spec, spec.shape)
        self.count = math.prod(spec.shape)
        self.channels = spec.shape[1] if len(spec.shape) > 1 else 1
        self.dtype = spec.dtype
        self._sums: dict[Place, Sums] = {}
        self.keeps = spec.inplace and spec.training and not spec.given
        with self.device.computing():
            self.means = self.device.xp.empty(2 * self.channels, np.float32)  # of dy and of dy * y

    def _leaving(self) -> _Left:
        if self.left is None:
            self.left = _Left(self.device, self.channels, self.count if self.keeps else 0,
                              Place.DEVICE.holding(self.dtype))
        return self.left

    def forward(self, x: Tensor, y: Tensor, mean: Any, variance: Any) -> None:
        left = self._leaving()
        place = left.place = order(x, self.dtype)
        launch, eps = self._launch, float(self.spec.eps)
        xs = x.read(place)
        sums = self._at(place)
        if self.spec.given:
            launch("batch_norm.rates", self.channels, variance, eps, left.rate)
        else:
            sums.moments(xs)
            launch("batch_norm.statistics", self.channels, xs, sums.inner, sums.parts,
                   sums.chunks, sums.outer * sums.inner, eps, mean, variance, left.rate)
        launch("batch_norm.normalize", self.count, xs, mean, left.rate, sums.dim, sums.inner,
               y.overwrite(place), left.normal)
        left.mean = mean

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        left, launch = self._leaving(), self._launch
        place = left.place
        dys = dy.read(place)
        sums = self._at(place)
        if self.spec.given:
            launch("batch_norm.backward_given", self.count, dys, left.rate, sums.dim, sums.inner,
                   dx.overwrite(place))
            return
        # x, not y: a Scale layer that follows often works in place on y
        if left.normal is None:
            normal, mean, rate = x.read(place), left.mean, left.rate
        else:
            normal, mean, rate = left.normal, None, None
        sums.products(dys, normal, mean, rate)
        launch("batch_norm.means", self.channels, sums.parts, sums.chunks,
               sums.outer * sums.inner, self.means)
        launch("batch_norm.backward", self.count, dys, normal, mean, left.rate, self.means,
               sums.dim, sums.inner, dx.overwrite(place))

    def _launch(self, kernel: str, count: int, *args: Any) -> None:
        self.device.launch(kernel, count, *args, dtype=self.dtype, packed=count == self.count)

    def _at(self, place: Place) -> Sums:
        if place not in self._sums:
            shape = self.spec.shape if len(self.spec.shape) > 1 else (*self.spec.shape, 1)
            self._sums[place] = Sums(self.device, *extents(shape, place, 1, 2), self.dtype)
        return self._sums[place]
