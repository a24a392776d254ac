"""Softmax along one axis, and the loss that follows it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from caffepy.core.memory import Array, Place, Shape, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.cuda.common import device_of, extents, order
from caffepy.kernels.operations.softmax import SoftmaxKernel, SoftmaxSpec
from caffepy.kernels.operations.softmax_loss import SoftmaxLossKernel, SoftmaxLossSpec
from caffepy.kernels.table import implements

WIDEST = 256  # threads for a row


def place_for(tensor: Tensor, axis: int) -> Place:
    """Channels-last serves for the channel axis alone."""
    return order(tensor) if axis == 1 else Place.DEVICE


@implements("shape", "axis")
class Softmax(SoftmaxKernel):
    """y = exp(x - max) / sum exp(x - max)."""

    engine = "cuda"

    def __init__(self, spec: SoftmaxSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.device = device_of(owner, spec, spec.shape, types=("float32",))

    def forward(self, x: Tensor, y: Tensor) -> None:
        place = place_for(x, self.spec.axis)
        xs = x.read(place)
        self._launch("forward", place, xs, y.overwrite(place))

    def backward(self, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        place = place_for(dy, self.spec.axis)
        ys, dys = y.read(place), dy.read(place)
        self._launch("backward", place, ys, dys, dx.overwrite(place))

    def _launch(self, kernel: str, place: Place, *arrays: Any) -> None:
        axis = self.spec.axis
        outer, classes, inner = extents(self.spec.shape, place, axis, axis + 1)
        if inner == 1:
            threads = min(WIDEST, -(-classes // 32) * 32)
            self.device.launch_grid(f"softmax.{kernel}_rows", outer, threads, outer, classes,
                                    *arrays)
        else:
            self.device.launch(f"softmax.{kernel}_columns", outer * inner, classes, inner,
                               *arrays)


@implements("shape", "axis", "ignore_label", "divisor")
class SoftmaxLoss(SoftmaxLossKernel):
    """loss = sum of -log p[label] / divisor; dx = (p - 1 at the label) * weight / divisor.

    All in float32, but for dx, which may be stored in half precision.

    A bad label counts as ignored until the host looks at the device's flag.
    """

    engine = "cuda"
    left: Array | None  # the divisor

    def __init__(self, spec: SoftmaxLossSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        one_label = (*spec.shape[: spec.axis], *spec.shape[spec.axis + 1 :])
        self.device = device_of(owner, spec, spec.shape)
        self.positions = math.prod(one_label)
        self.number = self.device.watch(self)
        ignores = spec.ignore_label is not None
        self.ignore = (ignores, spec.ignore_label if ignores else 0)
        with self.device.computing():
            self.losses = self.device.xp.empty(self.positions, np.float32)

    def _divisor(self) -> Array:
        if self.left is None:
            with self.device.computing():
                self.left = self.device.xp.empty(1, np.float32)
        return self.left

    def forward(self, p: Tensor, labels: Tensor, loss: Tensor) -> None:
        place, fixed = place_for(p, self.spec.axis), self.spec.divisor
        _, classes, inner = self._extents(self.spec.shape, place)
        values = labels.read(Place.DEVICE)
        self.device.launch("softmax_loss.losses", self.positions, classes, inner, p.read(place),
                           values, *self.ignore, self.losses)
        self.device.launch_grid(
            "softmax_loss.collect", 1, 1024, self.positions, self.losses, values,
            0.0 if fixed is None else float(fixed), loss.overwrite(Place.DEVICE), self._divisor(),
            self.device.flag, self.number)

    def backward(self, p: Tensor, labels: Tensor, dx: Tensor, weight: float | Array) -> None:
        place = place_for(p, self.spec.axis)
        _, classes, inner = self._extents(self.spec.shape, place)
        self.device.launch(
            "softmax_loss.backward", math.prod(self.spec.shape), classes, inner, p.read(place),
            labels.read(Place.DEVICE), *self.ignore, weight, self._divisor(),
            dx.overwrite(place.holding(self.spec.dtype)), dtype=self.spec.dtype)

    def _extents(self, shape: Shape, place: Place) -> tuple[int, int, int]:
        return extents(shape, place, self.spec.axis, self.spec.axis + 1)
