"""ExpMax: y = exp(x - the largest x of the channels), of which LiteFlowNet makes weights of a mean.

bottom  x, N x C x ...
top     y, shape of x; may be the same blob (in place)
param   none

dx = dy * y: the largest counts as given, since it is gone where y is divided by the sum of y, as
that net does. LiteFlowNet's, which is right for batches of one alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError


@register("ExpMax", dialect="liteflow")
class ExpMax(Layer):
    inplace = True
    keeps = ("top",)
    recordable = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        if bottom[0].ndim < 2:
            self.fail("the bottom must have channels, its second axis", kind=ShapeError,
                      found=f"shape {bottom[0].shape}")
        top[0].reshape_like(bottom[0])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        place = self.follow(bottom[0].values)
        x = bottom[0].values.read(place)
        below = x - x.max(axis=1, keepdims=True)
        self.xp.exp(below, out=top[0].values.overwrite(place))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        place = self.follow(top[0].values)
        y, dy = top[0].values.read(place), top[0].grads.read(place)
        self.xp.multiply(dy, y, out=bottom[0].grads.overwrite(place))
