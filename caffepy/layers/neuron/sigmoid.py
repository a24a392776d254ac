"""Sigmoid: y = 1 / (1 + e^-x).

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   sigmoid_param { engine: DEFAULT }
V1      SIGMOID (V0 "sigmoid")
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("Sigmoid", v1="SIGMOID", v0="sigmoid", param="sigmoid_param")
class Sigmoid(Elementwise):
    keeps = ("top",)

    def f(self, x: Array) -> Array:
        return 0.5 * self.xp.tanh(0.5 * x) + 0.5  # the same number, and cannot overflow

    def slope(self, x: Array, y: Array) -> Array:
        return y * (1 - y)
