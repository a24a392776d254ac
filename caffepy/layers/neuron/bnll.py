"""BNLL, the binomial normal log likelihood (softplus): y = log(1 + e^x).

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
V1      BNLL (V0 "bnll")
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("BNLL", v1="BNLL", v0="bnll")
class BNLL(Elementwise):
    keeps = ("top",)

    def f(self, x: Array) -> Array:
        return self.xp.maximum(x, 0) + self.xp.log1p(self.xp.exp(-self.xp.abs(x)))

    def slope(self, x: Array, y: Array) -> Array:
        return -self.xp.expm1(-y)  # e^x / (1 + e^x) = 1 - 1 / (1 + e^x) = 1 - e^-y
