"""Exp: y = base ^ (shift + scale * x).

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   exp_param { base: -1 scale: 1 shift: 0 }; base -1 stands for e
V1      EXP

dy/dx = y * scale * ln(base).
"""

from __future__ import annotations

import math

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise, log_of_base


@register("Exp", v1="EXP", param="exp_param")
class Exp(Elementwise):
    keeps = ("top",)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        log_base = log_of_base(self)
        self.inner = log_base * self.p.scale
        self.outer = math.exp(log_base * self.p.shift)

    def f(self, x: Array) -> Array:
        return self.outer * self.xp.exp(self.inner * x)

    def slope(self, x: Array, y: Array) -> Array:
        return self.inner * y
