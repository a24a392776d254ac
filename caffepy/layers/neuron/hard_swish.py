"""HardSwish: y = x * min(max(x + 3, 0), 6) / 6.

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)

dy/dx = 0 where x <= -3, 1 where x >= 3, else (2 x + 3) / 6. Synopsys', which has no gradient.
Howard et al., "Searching for MobileNetV3", 2019.
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("HardSwish", dialect="synopsys")
class HardSwish(Elementwise):
    keeps = ("bottom",)

    def f(self, x: Array) -> Array:
        y = x + 3
        self.xp.clip(y, 0, 6, out=y)
        y *= x
        y /= 6
        return y

    def slope(self, x: Array, y: Array) -> Array:
        xp = self.xp
        return xp.where(x >= 3, 1, xp.where(x > -3, (2 * x + 3) / 6, 0))
