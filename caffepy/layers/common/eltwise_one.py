"""Eltwise of one bottom: y = coeff x, as FlowNet2, LiteFlowNet and PWC-Net scale their flows.

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   eltwise_param { operation: SUM coeff: 0.625 }

Caffe 1.0 wants two bottoms. A product or a maximum of one bottom is x; it takes no coeff.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.neuron._elementwise import Elementwise


@register("Eltwise", dialect="flownet", param="eltwise_param")
class EltwiseOne(Elementwise):
    known_by = "one bottom"
    keeps = ()

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        return len(spec.bottom) == 1 and not spec.eltwise_param.coeff_blob

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        if p.coeff and p.operation != p.SUM:
            self.fail("coefficients are for sums only",
                      found=f"coeff with {p.EltwiseOp.Name(p.operation)}")
        if len(p.coeff) > 1:
            self.fail("coeff must be given once per bottom, or not at all",
                      found=f"{len(p.coeff)} for 1 bottom")
        self.coeff = self.dtype.type(p.coeff[0] if p.coeff else 1)

    def f(self, x: Array) -> Array:
        return x * self.coeff

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        place = self.follow(top[0].grads)
        dy = top[0].grads.read(place)
        self.xp.multiply(dy, self.coeff, out=bottom[0].grads.overwrite(place))
