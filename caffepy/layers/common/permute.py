"""Permute: the axes in another order.

bottom  x, any shape
top     y, whose axis i is axis order[i] of x
param   permute_param { order: 0 order: 2 order: 3 order: 1 }

Axes that are not named follow in ascending order. dx is dy with the axes put back. SSD's.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError

CHANNELS_LAST = (0, 2, 3, 1)


@register("Permute", dialect="ssd", param="permute_param")
class Permute(Layer):
    keeps = ()
    recordable = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        named = list(self.p.order)
        if len(set(named)) != len(named):
            self.fail("an axis is named twice", found=f"order {named}",
                      fix="Name each axis once; those that are not named follow.")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        axes, named = bottom[0].ndim, list(self.p.order)
        if any(axis >= axes for axis in named):
            self.fail("the bottom has no such axis", kind=ShapeError,
                      found=f"order {named} for shape {bottom[0].shape}",
                      allowed=f"axes 0 to {axes - 1}")
        self.order = (*named, *(axis for axis in range(axes) if axis not in named))
        self.inverse = tuple(self.order.index(axis) for axis in range(axes))
        top[0].reshape(*(bottom[0].shape[axis] for axis in self.order))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x = bottom[0].values.read(self.follow(bottom[0].values))
        self.overwrite(top[0].values)[...] = x.transpose(self.order)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        # what a convolution reads in either order is written in the one in which nothing moves
        place = self.context.place.last if self.order == CHANNELS_LAST else self.context.place
        dx = bottom[0].grads.overwrite(place)
        dx[...] = self.read(top[0].grads).transpose(self.inverse)
