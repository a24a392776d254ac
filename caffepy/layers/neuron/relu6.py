"""ReLU6: y = min(max(x, 0) + negative_slope * min(x, 0), 6).

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   relu6_param { negative_slope: 0 }
V1      RELU6

dy/dx = 1 where 0 < x < 6, negative_slope where x <= 0, else 0. MobileNet-YOLO's.
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("ReLU6", v1="RELU6", dialect="yolo", param="relu6_param")
class ReLU6(Elementwise):
    keeps = ("bottom",)

    def f(self, x: Array) -> Array:
        xp, slope = self.xp, self.p.negative_slope
        y = xp.maximum(x, 0)
        if slope:
            y += slope * xp.minimum(x, 0)
        return xp.minimum(y, 6, out=y)

    def slope(self, x: Array, y: Array) -> Array:
        xp, slope = self.xp, self.p.negative_slope
        # a negative slope reaches 6 below 0, too
        return xp.where(x > 0, 1, slope) * (xp.where(x > 0, x, slope * x) < 6)
