"""ELU: y = x for x > 0, else alpha * (e^x - 1).

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   elu_param { alpha: 1 }

Clevert, Unterthiner, Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear
Units", 2015. For alpha >= 0, y has the sign of x, so backward needs y alone.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("ELU", param="elu_param")
class ELU(Elementwise):
    keeps = ("top",)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.alpha < 0:
            self.fail("alpha must not be negative, or the gradient cannot be told from y",
                      found=f"{self.p.alpha:g}")

    def f(self, x: Array) -> Array:
        return self.xp.maximum(x, 0) + self.p.alpha * self.xp.expm1(self.xp.minimum(x, 0))

    def slope(self, x: Array, y: Array) -> Array:
        return self.xp.where(y > 0, y.dtype.type(1), y + self.p.alpha)
