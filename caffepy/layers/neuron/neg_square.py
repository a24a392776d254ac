"""NegSquare: y = -x^2.

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   none

dy/dx = -2 x. LiteFlowNet's.
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("NegSquare", dialect="liteflow")
class NegSquare(Elementwise):
    keeps = ("bottom",)

    def f(self, x: Array) -> Array:
        return -x * x

    def slope(self, x: Array, y: Array) -> Array:
        return -2 * x
