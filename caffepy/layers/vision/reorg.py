"""Reorg: pixels of s x s blocks become channels, as darknet does it, or the other way.

bottom  x, N x C x H x W; C must be a multiple of s^2
top     y, N x C s^2 x H/s x W/s; with reverse N x C/s^2 x H s x W s
param   reorg_param { stride: 2 reverse: false }

With reverse y[c, h s + i, w s + j] = x[(i s + j) C/s^2 + c, h, w]. Without it is not the opposite
of that, but darknet's: x's memory is read as C/s^2 x H s x W s, the blocks of that become channels
as they would in the opposite, C x H x W, and this memory is called C s^2 x H/s x W/s.
The original's gradient is 0 throughout; here it is the true one, dy put back. MobileNet-YOLO's.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.common._moved import Moved


@register("Reorg", dialect="yolo", param="reorg_param")
class Reorg(Moved):
    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        s, shape = self.p.stride, bottom[0].shape
        if s < 1:
            self.fail("stride is missing", fix="Add reorg_param { stride: 2 }.")
        if len(shape) != 4 or shape[1] % (s * s) or (
                not self.p.reverse and (shape[2] % s or shape[3] % s)):
            self.fail("the bottom does not fall into blocks", kind=ShapeError,
                      found=f"shape {shape}, stride {s}",
                      allowed=f"N x C x H x W with C a multiple of {s * s}"
                              + ("" if self.p.reverse else f", H and W of {s}"))
        n, c, h, w = shape
        self.blocks = (n, s, s, c // (s * s), h, w)
        self.pixels = (n, c // (s * s), h, s, w, s)
        top[0].reshape(*((n, c // (s * s), h * s, w * s) if self.p.reverse else
                         (n, c * s * s, h // s, w // s)))

    def move(self, x: Array) -> Array:
        return self._spread(x) if self.p.reverse else self._gather(x)

    def back(self, y: Array) -> Array:
        return self._gather(y) if self.p.reverse else self._spread(y)

    def _gather(self, pixels: Array) -> Array:
        return pixels.reshape(self.pixels).transpose(0, 3, 5, 1, 2, 4)

    def _spread(self, blocks: Array) -> Array:
        return blocks.reshape(self.blocks).transpose(0, 3, 4, 1, 5, 2)
