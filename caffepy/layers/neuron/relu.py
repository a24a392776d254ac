"""ReLU: y = x for x > 0, else negative_slope * x.

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   relu_param { negative_slope: 0 }
V1      RELU (V0 "relu")

In place, backward sees y where it expects x. Both have the same sign as long as
negative_slope >= 0, so the gradient is right; a negative slope in place is warned of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy import log
from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.kernels.operations.relu import ReLUKernel, ReLUSpec

logger = log.get(__name__)


@register("ReLU", v1="RELU", v0="relu", param="relu_param")
class ReLU(Layer):
    inplace = True
    plans = (ReLUSpec,)
    keeps = ("sign",)
    recordable = True
    same_place = True
    preserves_sign = True
    harmless = ("fuse",)

    @classmethod
    def by_pixel(cls, spec: Any) -> bool:
        return True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.preserves_sign = self.p.negative_slope >= 0
        if bottom[0] is top[0] and self.p.negative_slope < 0:
            logger.warning("%s: a negative_slope below 0 in place spoils the gradient, since the "
                           "sign of x is lost. Give the top a name of its own.", self.place_name)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape_like(bottom[0])
        self.kernel: ReLUKernel = self.plan(
            ReLUSpec(bottom[0].shape, self.p.negative_slope, self.dtype.name)
        )

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.kernel.forward(bottom[0].values, top[0].values)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if propagate_down[0]:
            self.kernel.backward(bottom[0].values, top[0].grads, bottom[0].grads)
