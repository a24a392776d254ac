"""Grid: the places of pixels, to which a flow is added before a Warp.

bottom  x, N x C x H x W, of which the shape alone counts
top     y, N x 2 x H x W: the column of each pixel, and its row
param   none

There is no gradient. LiteFlowNet's.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError


@register("Grid", dialect="liteflow")
class Grid(Layer):
    keeps = ()
    labels = (0,)
    recordable = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape = bottom[0].shape
        if len(shape) != 4:
            self.fail("the bottom must have 4 axes (images, channels, height, width)",
                      kind=ShapeError, found=f"shape {shape}")
        top[0].reshape(shape[0], 2, *shape[2:])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        y = self.overwrite(top[0].values)
        y[:, 0] = self.xp.arange(y.shape[3])
        y[:, 1] = self.xp.arange(y.shape[2])[:, None]
