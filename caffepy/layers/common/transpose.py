"""Transpose: the axes in another order.

bottom  x, any shape
top     y, whose axis i is axis dim[i] of x
param   transpose_param { dim: 2 dim: 0 dim: 1 }, each axis once

dx is dy with the axes put back. CTPN's and caffe_ocr's.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.common._moved import Moved


@register("Transpose", dialect="ctpn", param="transpose_param")
class Transpose(Moved):
    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        axes, named = bottom[0].ndim, list(self.p.dim)
        self.order = tuple(axis + axes if axis < 0 else axis for axis in named)
        if sorted(self.order) != list(range(axes)):
            self.fail("dim must name each axis of the bottom once",
                      found=f"dim {named} for shape {bottom[0].shape}",
                      fix="Write " + " ".join(f"dim: {axis}" for axis in range(axes))
                          + ", in the order that you want.")
        self.inverse = tuple(self.order.index(axis) for axis in range(axes))
        top[0].reshape(*(bottom[0].shape[axis] for axis in self.order))

    def move(self, x: Array) -> Array:
        return x.transpose(self.order)

    def back(self, y: Array) -> Array:
        return y.transpose(self.inverse)
