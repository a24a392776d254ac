"""Log: y = log to the base of (shift + scale * x).

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   log_param { base: -1 scale: 1 shift: 0 }; base -1 stands for e

dy/dx = scale / ((shift + scale * x) * ln(base)).
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise, log_of_base


@register("Log", param="log_param")
class Log(Elementwise):
    keeps = ("bottom",)
    needs_positive = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.factor = 1 / log_of_base(self)

    def f(self, x: Array) -> Array:
        return self.factor * self.xp.log(self.p.shift + self.p.scale * x)

    def slope(self, x: Array, y: Array) -> Array:
        return self.factor * self.p.scale / (self.p.shift + self.p.scale * x)
