"""HardSigmoid: y = alpha x + beta, but not less than 0 and not more than 1.

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   hard_sigmoid_param { alpha: 0.2 beta: 0.5 }

dy/dx = alpha where 0 < y < 1, else 0. Synopsys', which has no gradient.
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("HardSigmoid", dialect="synopsys", param="hard_sigmoid_param")
class HardSigmoid(Elementwise):
    keeps = ("top",)

    def f(self, x: Array) -> Array:
        return self.xp.clip(self.p.alpha * x + self.p.beta, 0, 1)

    def slope(self, x: Array, y: Array) -> Array:
        return self.p.alpha * ((y > 0) & (y < 1))
