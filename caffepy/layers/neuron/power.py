"""Power: y = (shift + scale * x) ^ power.

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   power_param { power: 1 scale: 1 shift: 0 }
V1      POWER (V0 "power")

dy/dx = power * scale * (shift + scale * x) ^ (power - 1).
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("Power", v1="POWER", v0="power", param="power_param")
class Power(Elementwise):
    keeps = ("bottom",)
    needs_positive = True

    def f(self, x: Array) -> Array:
        return (self.p.shift + self.p.scale * x) ** self.p.power

    def slope(self, x: Array, y: Array) -> Array:
        factor = self.p.power * self.p.scale
        if factor == 0 or self.p.power == 1:  # a constant or a line: 0 ^ -1 must not come up
            return y.dtype.type(factor)
        return factor * (self.p.shift + self.p.scale * x) ** (self.p.power - 1)
