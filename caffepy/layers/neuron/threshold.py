"""Threshold: y = 1 for x > threshold, else 0.

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   threshold_param { threshold: 0 }
V1      THRESHOLD

There is no gradient.
"""

from __future__ import annotations

from caffepy.core.layer import Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("Threshold", v1="THRESHOLD", param="threshold_param")
class Threshold(Elementwise):
    keeps = ()
    backward = Layer.backward  # which says that there is none

    def f(self, x: Array) -> Array:
        return x > self.p.threshold
