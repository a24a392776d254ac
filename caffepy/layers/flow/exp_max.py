"""ExpMax: exponentials of x less its channels' largest, LiteFlowNet's weights of a mean.

bottom  x, N x C x ...
top     y, shape of x; may be the same blob (in place)
param   expmax_param { base: -1 scale: 1 shift: 0 }

y = base^(shift + scale * (x - largest)), where a base of -1 is e; as the message is never given,
exp(x - largest). dx = dy * y * ln(base) * scale: the largest counts as given, since it is gone
where y is divided by the sum of y, as that net does. LiteFlowNet's, whose own takes the first
item's largest for all of a batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.neuron._elementwise import log_of_base


@register("ExpMax", dialect="liteflow", param="expmax_param")
class ExpMax(Layer):
    inplace = True
    keeps = ("top",)
    recordable = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        log = log_of_base(self)
        self.inner = self.dtype.type(log * self.p.scale)
        self.outer = self.dtype.type(math.exp(log * self.p.shift))

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        if bottom[0].ndim < 2:
            self.fail("the bottom must have channels, its second axis", kind=ShapeError,
                      found=f"shape {bottom[0].shape}")
        top[0].reshape_like(bottom[0])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        place = self.follow(bottom[0].values)
        x = bottom[0].values.read(place)
        powers = self.xp.exp((x - x.max(axis=1, keepdims=True)) * self.inner)
        self.xp.multiply(powers, self.outer, out=top[0].values.overwrite(place))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        place = self.follow(top[0].values)
        y, dy = top[0].values.read(place), top[0].grads.read(place)
        self.xp.multiply(dy, y * self.inner, out=bottom[0].grads.overwrite(place))
