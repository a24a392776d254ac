"""Eltwise with coeff_blob: a sum whose last bottom holds a factor for each bottom and item.

bottom  x_0, ..., x_(M-1), all of one shape; c, M x the first axes of that shape (N, or N x C...)
top     y, that shape: sum of coeff_i c_i x_i, c_i repeated over the axes that c has not
param   eltwise_param { operation: SUM coeff_blob: true coeff: 1 coeff: -1 }

c gets no gradient. Lisa Anne Hendricks' and cbfinn's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError


@register("Eltwise", dialect="lisa", param="eltwise_param")
class EltwiseCoeffBlob(Layer):
    known_by = "coeff_blob"
    bottoms = "2+"
    keeps = ("labels",)
    obeys = ("coeff_blob",)
    recordable = True
    same_place = True

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        return bool(spec.eltwise_param.coeff_blob)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p, self.terms = self.p, len(bottom) - 1
        if p.operation != p.SUM:
            self.fail("coeff_blob is for sums only",
                      found=f"operation: {p.EltwiseOp.Name(p.operation)}")
        if p.coeff and len(p.coeff) != self.terms:
            self.fail("coeff must be given once per bottom but the last, or not at all",
                      found=f"{len(p.coeff)} for {self.terms} and the coefficients")
        self.coeff = list(p.coeff) or [1.0] * self.terms
        self.labels = (self.terms,)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        *xs, c = (blob.shape for blob in bottom)
        if any(x != xs[0] for x in xs):
            self.fail("all bottoms but the last must have the same shape", kind=ShapeError,
                      found=f"{xs}")
        if c != (self.terms, *xs[0][: max(len(c) - 1, 0)]):
            self.fail("the last bottom needs an axis of the other bottoms, and then their first "
                      "axes", kind=ShapeError, found=f"{c} for {self.terms} of shape {xs[0]}",
                      allowed=f"({self.terms}, {xs[0][0] if xs[0] else ''}), such as")
        self.spread = (*c[1:], *[1] * (len(xs[0]) - len(c) + 1))
        top[0].reshape_like(bottom[0])

    def factor(self, bottom: Blobs, index: int) -> Array:
        """What one bottom is multiplied with, of a shape that fits its own."""
        return self.coeff[index] * self.read(bottom[-1].values)[index].reshape(self.spread)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        y = self.overwrite(top[0].values)
        y[...] = 0
        for index, x in enumerate(bottom[:-1]):
            y += self.factor(bottom, index) * self.read(x.values)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dy = self.read(top[0].grads)
        for index, x in enumerate(bottom[:-1]):
            if propagate_down[index]:
                self.overwrite(x.grads)[...] = self.factor(bottom, index) * dy
        if propagate_down[-1]:
            bottom[-1].grads.zero()
