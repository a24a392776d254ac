"""Upsample (YOLO v3): each pixel becomes a block of scale x scale pixels.

bottom  x, N x C x H x W
top     y, N x C x (scale H) x (scale W)
param   upsample_param { scale: 1 }

dx is the sum of dy over the block. SegNet's type of this name has a second bottom.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError


@register("Upsample", param="upsample_param", dialect="yolo")
class Upsample(Layer):
    keeps = ()
    recordable = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.scale = self.p.scale if self.p.HasField("scale") else 1
        if self.scale < 1:
            self.fail("scale must be at least 1", found=self.scale)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        if bottom[0].ndim != 4:
            self.fail("the bottom must have 4 axes (images, channels, height, width)",
                      kind=ShapeError, found=f"shape {bottom[0].shape}")
        n, c, h, w = bottom[0].shape
        top[0].reshape(n, c, h * self.scale, w * self.scale)
        self.blocks = (n, c, h, self.scale, w, self.scale)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x = self.read(bottom[0].values)
        self.overwrite(top[0].values).reshape(self.blocks)[...] = x[:, :, :, None, :, None]

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if propagate_down[0]:
            dy = self.read(top[0].grads).reshape(self.blocks)
            self.overwrite(bottom[0].grads)[...] = dy.sum(axis=(3, 5))
