"""MVN, mean-variance normalization: y = (x - mean) / (deviation + eps) of each channel or item.

bottom  x, N x C x ...
top     y, shape of x, of four axes at least, as the original's; may be the same blob (in place)
param   mvn_param { normalize_variance: true across_channels: false eps: 1e-9
        add_eps_before_sqrt: false }
V1      MVN

Mean and deviation (the root of the mean square of x - mean) are those of each channel of each
item, or of each item if across_channels. Without normalize_variance y = x - mean.
dx = (dy - mean(dy) - y * mean(dy * y)) / (deviation + eps). With Synopsys' add_eps_before_sqrt the
divisor is sqrt(mean square + eps).
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError


@register("MVN", v1="MVN", param="mvn_param")
class MVN(Layer):
    inplace = True
    keeps = ("top",)
    recordable = True
    same_place = True
    obeys = ("mvn_param.add_eps_before_sqrt",)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.eps < 0:
            self.fail("eps must not be negative", found=self.p.eps)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x = bottom[0]
        first = 1 if self.p.across_channels else 2
        if x.ndim < first:
            self.fail("the bottom needs an axis for items and one for channels", kind=ShapeError,
                      found=f"shape {x.shape}")
        shape = (*x.shape, *[1] * (4 - x.ndim))
        self.axes = tuple(range(first, len(shape)))
        top[0].reshape(*shape)

    def mean(self, x: Array) -> Array:
        return x.mean(axis=self.axes, keepdims=True)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        place = self.follow(bottom[0].values)
        x = bottom[0].values.read(place).reshape(top[0].shape)
        centred = x - self.mean(x)
        y = top[0].values.overwrite(place)
        self.divisor = 1
        if self.p.normalize_variance:
            square = self.mean(centred * centred)
            before = self.p.add_eps_before_sqrt
            self.divisor = (square + self.p.eps) ** 0.5 if before else square**0.5 + self.p.eps
        self.xp.divide(centred, self.divisor, out=y)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        place = self.follow(top[0].values)
        y, dy = top[0].values.read(place), top[0].grads.read(place)
        dx = dy - self.mean(dy)
        if self.p.normalize_variance:
            dx -= y * self.mean(dy * y)
            dx /= self.divisor
        bottom[0].grads.overwrite(place)[...] = dx.reshape(bottom[0].shape)
