"""Flatten: the axes from ``axis`` to ``end_axis`` become one.

bottom  x, such as N x C x H x W
top     y, such as N x (C * H * W); shares x's memory, values and gradients
param   flatten_param { axis: 1 end_axis: -1 }
V1      FLATTEN (V0 "flatten")
"""

from __future__ import annotations

from caffepy.core.blob import Blob
from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.layers.common._alias import Alias
from caffepy.layers.common._axis import axis_of


@register("Flatten", v1="FLATTEN", v0="flatten", param="flatten_param")
class Flatten(Alias):
    def top_shape(self, x: Blob) -> Shape:
        start, end = axis_of(self, x, self.p.axis), axis_of(self, x, self.p.end_axis)
        if end < start:
            self.fail("end_axis comes before axis", found=f"axis {start} and end_axis {end} "
                      f"of shape {x.shape}")
        return (*x.shape[:start], x.count_from(start, end + 1), *x.shape[end + 1 :])
