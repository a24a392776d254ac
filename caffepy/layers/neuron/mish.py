"""Mish: y = x * tanh(log(1 + e^x)).

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)

With t = tanh(log(1 + e^x)): dy/dx = t + x (1 - t^2) / (1 + e^-x). Synopsys' and the YOLO ports',
whose gradient is taken at y in place of x.
Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019.
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("Mish", dialect="synopsys")
class Mish(Elementwise):
    keeps = ("bottom",)

    def f(self, x: Array) -> Array:
        return x * self._tanh(x)

    def slope(self, x: Array, y: Array) -> Array:
        t = self._tanh(x)
        sigmoid = 0.5 * self.xp.tanh(0.5 * x) + 0.5  # cannot overflow
        return t + x * (1 - t * t) * sigmoid

    def _tanh(self, x: Array) -> Array:
        xp = self.xp
        return xp.tanh(xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x))))
