"""TanH: y = (e^x - e^-x) / (e^x + e^-x).

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   tanh_param { engine: DEFAULT }
V1      TANH (V0 "tanh")
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("TanH", v1="TANH", v0="tanh", param="tanh_param")
class TanH(Elementwise):
    keeps = ("top",)

    def f(self, x: Array) -> Array:
        return self.xp.tanh(x)

    def slope(self, x: Array, y: Array) -> Array:
        return 1 - y * y
