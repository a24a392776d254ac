"""Tile: the bottom ``tiles`` times side by side along ``axis``.

bottom  x, any shape
top     y, shape of x with ``tiles`` times the size on ``axis``
param   tile_param { tiles: 2 axis: 1 }

dx is the sum of dy over the tiles.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.layers.common._axis import axis_of


@register("Tile", param="tile_param")
class Tile(Layer):
    keeps = ()
    recordable = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.tiles < 1:
            self.fail("tiles says how many times the bottom is repeated", found=self.p.tiles,
                      allowed="1 or more")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape, axis = bottom[0].shape, axis_of(self, bottom[0], self.p.axis)
        top[0].reshape(*shape[:axis], self.p.tiles * shape[axis], *shape[axis + 1 :])
        self.tiled = (*shape[:axis], self.p.tiles, *shape[axis:])  # with an axis for the tiles
        self.axis = axis

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x = self.read(bottom[0].values)
        y = self.overwrite(top[0].values).reshape(self.tiled)
        y[...] = self.xp.expand_dims(x, self.axis)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dy = self.read(top[0].grads).reshape(self.tiled)
        self.xp.sum(dy, axis=self.axis, out=self.overwrite(bottom[0].grads))
