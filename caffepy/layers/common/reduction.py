"""Reduction: all axes from ``axis`` on become one number: a sum, or a mean.

bottom  x, any shape
top     y, the axes of x before ``axis``
param   reduction_param { operation: SUM axis: 0 coeff: 1 }

y = coeff times: SUM of x; ASUM of |x|; SUMSQ of x^2; MEAN of x.
dx = dy * coeff times: 1; sign(x); 2 x; 1 / count.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.layers.common._axis import axis_of


@register("Reduction", param="reduction_param")
class Reduction(Layer):
    recordable = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.operation: str = self.p.ReductionOp.Name(self.p.operation)
        self.keeps = ("bottom",) if self.operation in ("ASUM", "SUMSQ") else ()

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape, axis = bottom[0].shape, axis_of(self, bottom[0], self.p.axis)
        top[0].reshape(shape[:axis])
        self.axes = tuple(range(axis, len(shape)))
        self.spread = (*shape[:axis], *(1 for _ in self.axes))
        self.coeff = self.p.coeff
        if self.operation == "MEAN":
            self.coeff /= max(1, bottom[0].count_from(axis))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x = self.read(bottom[0].values)
        if self.operation == "ASUM":
            x = self.xp.abs(x)
        elif self.operation == "SUMSQ":
            x = x * x
        self.overwrite(top[0].values)[...] = self.coeff * x.sum(axis=self.axes)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dy = self.coeff * self.read(top[0].grads).reshape(self.spread)
        if self.operation == "ASUM":
            dy = dy * self.xp.sign(self.read(bottom[0].values))
        elif self.operation == "SUMSQ":
            dy = dy * 2 * self.read(bottom[0].values)
        self.overwrite(bottom[0].grads)[...] = dy
