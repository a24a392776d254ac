"""Axpy: out = a x + y, with one a for each channel of each item.

bottom  a, N x C or N x C x 1 x 1; x and y, N x C x H x W
top     out, shape of x

da = sum of dout x over each channel, dx = a dout, dy = dout. SENet's.
Hu, Shen, Sun, "Squeeze-and-Excitation Networks", 2018.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError


@register("Axpy", dialect="senet")
class Axpy(Layer):
    bottoms = "3"
    recordable = True
    same_place = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        a, x, y = (blob.shape for blob in bottom)
        if x != y:
            self.fail("the second and third bottom are added, so they must have one shape",
                      kind=ShapeError, found=f"shapes {x} and {y}")
        if len(x) < 2 or a[:2] != x[:2] or math.prod(a[2:]) != 1:
            self.fail("the first bottom must have one number for each channel of each item",
                      kind=ShapeError, found=f"shape {a} for {x}", allowed=f"{(*x[:2], 1, 1)}",
                      fix="The bottoms are the scale, what it scales, and what is added.")
        self.spread = (*x[:2], *(1 for _ in x[2:]))
        self.inside = tuple(range(2, len(x)))
        top[0].reshape(x)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        place = self.follow(bottom[1].values)
        a = self.read(bottom[0].values).reshape(self.spread)
        x, y = (blob.values.read(place) for blob in bottom[1:])
        out = top[0].values.overwrite(place)
        self.xp.multiply(a, x, out=out)
        out += y

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        place = self.follow(top[0].grads)
        dout = top[0].grads.read(place)
        if propagate_down[0]:
            da, x = self.overwrite(bottom[0].grads), bottom[1].values.read(place)
            da[...] = (dout * x).sum(axis=self.inside).reshape(da.shape)
        if propagate_down[1]:
            a = self.read(bottom[0].values).reshape(self.spread)
            self.xp.multiply(a, dout, out=bottom[1].grads.overwrite(place))
        if propagate_down[2]:
            bottom[2].grads.overwrite(place)[...] = dout
