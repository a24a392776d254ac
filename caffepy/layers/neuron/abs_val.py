"""AbsVal: y = |x|.

bottom  x, any shape
top     y, shape of x
V1      ABSVAL
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("AbsVal", v1="ABSVAL")
class AbsVal(Elementwise):
    inplace = False
    keeps = ("bottom",)

    def f(self, x: Array) -> Array:
        return self.xp.abs(x)

    def slope(self, x: Array, y: Array) -> Array:
        return self.xp.sign(x)
