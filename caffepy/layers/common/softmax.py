"""Softmax: y = exp(x) / sum of exp(x) along one axis.

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   softmax_param { axis: 1 }
V1      SOFTMAX (V0 "softmax")
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core import coords
from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.kernels.operations.softmax import SoftmaxKernel, SoftmaxSpec
from caffepy.layers.common._axis import axis_of


def only_softmax(layer: Layer, p: Any) -> None:
    """Fail if a SoftmaxParameter asks for happynear's other ways to normalize."""
    if p.HasField("normalize_type") and p.normalize_type != "Softmax":
        layer.fail("normalize_type: only a softmax is known", found=p.normalize_type,
                   allowed='"Softmax"', fix='happynear\'s others are layers: type: "Normalize".')


@register("Softmax", v1="SOFTMAX", v0="softmax", param="softmax_param")
class Softmax(Layer):
    inplace = True
    plans = (SoftmaxSpec,)
    keeps = ("top",)
    recordable = True
    obeys = ("normalize_type",)

    @classmethod
    def coordinates(cls, spec: Any) -> coords.Map:
        return coords.along(spec.softmax_param.axis)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        only_softmax(self, self.p)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x = bottom[0]
        top[0].reshape_like(x)
        self.kernel: SoftmaxKernel = self.plan(
            SoftmaxSpec(x.shape, axis_of(self, x, self.p.axis), self.dtype.name)
        )

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.kernel.forward(bottom[0].values, top[0].values)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if propagate_down[0]:
            self.kernel.backward(top[0].values, top[0].grads, bottom[0].grads)
