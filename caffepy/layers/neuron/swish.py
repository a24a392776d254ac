"""Swish: y = x / (1 + e^(-beta * x)).

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   swish_param { beta: 1 }

dy/dx = beta * y + s * (1 - beta * y), s = 1 / (1 + e^(-beta * x)).
Ramachandran, Zoph, Le, "Searching for Activation Functions", 2017.
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("Swish", param="swish_param")
class Swish(Elementwise):
    keeps = ("bottom", "top")

    def f(self, x: Array) -> Array:
        return x * self._sigmoid(x)

    def slope(self, x: Array, y: Array) -> Array:
        beta_y = self.p.beta * y
        return beta_y + self._sigmoid(x) * (1 - beta_y)

    def _sigmoid(self, x: Array) -> Array:
        return 0.5 * self.xp.tanh(0.5 * self.p.beta * x) + 0.5  # cannot overflow
