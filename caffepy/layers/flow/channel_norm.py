"""ChannelNorm: the length of each pixel's vector of channels.

bottom  x, N x C x H x W
top     y, N x 1 x H x W: sqrt of the sum over channels of x^2

dx = dy x / y; 0 where y is 0. FlowNet's.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError

SMALL = 1e-9  # added to y where it divides, as in the original


@register("ChannelNorm", dialect="flownet")
class ChannelNorm(Layer):
    keeps = ("bottom", "top")
    recordable = True
    same_place = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape = bottom[0].shape
        if len(shape) < 2:
            self.fail("there are no channels", kind=ShapeError, found=f"shape {shape}")
        top[0].reshape(shape[0], 1, *shape[2:])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x = self.read(bottom[0].values)
        square = self.xp.square(x).sum(axis=1, keepdims=True)
        self.xp.sqrt(square, out=self.overwrite(top[0].values))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        x, y = self.read(bottom[0].values), self.read(top[0].values)
        share = self.read(top[0].grads) / (y + SMALL)
        self.xp.multiply(share, x, out=self.overwrite(bottom[0].grads))
