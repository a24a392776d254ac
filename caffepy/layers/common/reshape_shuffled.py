"""Reshape with pixelshuffler: channels become pixels (Shi et al. 2016, sub-pixel convolution).

bottom  x, N x C r^2 x H x W
top     y, N x C x rH x rW: y at (c, r h + i, r w + j) is x at (c r^2 + i r + j, h, w)
param   reshape_param { pixelshuffler: r }

A pixelshuffler of 1 is a plain Reshape. dx is dy with the pixels put back. Intel's.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.common._moved import Moved


@register("Reshape", dialect="intel", param="reshape_param")
class ReshapeShuffled(Moved):
    known_by = "a pixelshuffler that is not 1"
    obeys = ("pixelshuffler",)

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        return spec.reshape_param.HasField("pixelshuffler") and (
            spec.reshape_param.pixelshuffler != 1)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.pixelshuffler < 1:
            self.fail("pixelshuffler is the side of a block of pixels", found=self.p.pixelshuffler,
                      allowed="1 or more")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape, r = bottom[0].shape, self.p.pixelshuffler
        if len(shape) != 4 or shape[1] % r**2:
            self.fail("the bottom must have 4 axes, and channels in multiples of pixelshuffler's "
                      "square", kind=ShapeError, found=f"shape {shape}, pixelshuffler {r}")
        n, c, h, w = shape
        self.parts = (n, c // r**2, r, r, h, w)
        top[0].reshape(n, c // r**2, r * h, r * w)

    def move(self, x: Array) -> Array:
        return x.reshape(self.parts).transpose(0, 1, 4, 2, 5, 3)

    def back(self, y: Array) -> Array:
        n, c, r, _, h, w = self.parts
        return y.reshape(n, c, h, r, w, r).transpose(0, 1, 3, 5, 2, 4)
