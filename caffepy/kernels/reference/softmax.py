"""Softmax along one axis."""

from __future__ import annotations

from caffepy.core.memory import Tensor
from caffepy.kernels.operations.softmax import SoftmaxKernel
from caffepy.kernels.table import implements


@implements("shape", "axis")
class Softmax(SoftmaxKernel):
    """y = exp(x - max) / sum exp(x - max)."""

    engine = "reference"

    def forward(self, x: Tensor, y: Tensor) -> None:
        xp, axis, place = self.owner.xp, self.spec.axis, self.owner.place
        xs = x.read(place)
        ys = y.overwrite(place)
        xp.subtract(xs, xs.max(axis=axis, keepdims=True), out=ys)  # so that exp cannot overflow
        xp.exp(ys, out=ys)
        ys /= ys.sum(axis=axis, keepdims=True)

    def backward(self, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        axis, place = self.spec.axis, self.owner.place
        ys, dys = y.read(place), dy.read(place)
        dot = (ys * dys).sum(axis=axis, keepdims=True)
        dx.overwrite(place)[...] = ys * (dys - dot)
