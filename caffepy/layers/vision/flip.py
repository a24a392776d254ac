"""Flip: pictures mirrored left to right, or upside down.

bottom  x, N x C x H x W
top     y, shape of x
param   flip_param { flip_width: true flip_height: false }

dx is dy flipped. happynear's.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.common._moved import Moved


@register("Flip", dialect="happynear", param="flip_param")
class Flip(Moved):
    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        if bottom[0].ndim != 4:
            self.fail("the bottom must be pictures, N x C x H x W", kind=ShapeError,
                      found=f"shape {bottom[0].shape}",
                      fix='type: "Reverse" turns any axis around.')
        self.axes = (2,) * self.p.flip_height + (3,) * self.p.flip_width
        super().reshape(bottom, top)

    def move(self, x: Array) -> Array:
        return self.xp.flip(x, self.axes) if self.axes else x

    def back(self, y: Array) -> Array:
        return self.move(y)
