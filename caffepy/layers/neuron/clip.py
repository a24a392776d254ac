"""Clip: y = x, but not less than min and not more than max.

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   clip_param { min: 0 max: 6 }, both of which must be given

dy/dx = 1 where min <= x <= max, else 0.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("Clip", param="clip_param")
class Clip(Elementwise):
    keeps = ("bottom",)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if not self.spec.HasField("clip_param"):
            self.fail("min and max are missing", fix="Add clip_param { min: 0 max: 6 }.")
        if self.p.min > self.p.max:
            self.fail("min must not exceed max",
                      found=f"min {self.p.min:g}, max {self.p.max:g}")

    def f(self, x: Array) -> Array:
        return self.xp.clip(x, self.p.min, self.p.max)

    def slope(self, x: Array, y: Array) -> Array:
        return (x >= self.p.min) & (x <= self.p.max)
