"""Scale: y = x * s, or x * s + b, with s and b spread over the axes they lack.

bottom  x, any shape; optionally s, whose shape is that of some axes of x, from ``axis`` on
top     y, shape of x; may be the first bottom's blob (in place)
param   scale_param { axis: 1 num_axes: 1 filler { } bias_term: false bias_filler { } }

With one bottom s is learned, its shape ``num_axes`` axes of x (-1: all to the end, 0: a single
number), 1 at first unless a filler is given. b has the shape of s and is always learned.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array, Place
from caffepy.core.registry import register
from caffepy.kernels.operations.scale import ScaleKernel, ScaleSpec
from caffepy.layers.common._broadcast import Broadcast
from caffepy.proto import caffe_pb2


@register("Scale", param="scale_param")
class Scale(Broadcast):
    plans = (ScaleSpec,)
    learns = ("scale", "bias")
    recordable = True
    rescales = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        one = caffe_pb2.FillerParameter(type="constant", value=1)
        self.learned(bottom, p.filler if p.HasField("filler") else one)
        if p.bias_term:
            operand = self.blobs[0] if len(bottom) == 1 else bottom[1]
            self.add_blob(operand.shape, p.bias_filler)
        self.bias = self.blobs[-1] if p.bias_term else None

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        self.operand = self.blobs[0] if len(bottom) == 1 else bottom[1]
        x, inplace = bottom[0], top[0] is bottom[0]
        axis = self.align(bottom, self.operand.shape)
        top[0].reshape_like(x)
        if inplace and len(bottom) == 1:
            self.keeps = ()
        self.kernel: ScaleKernel = self.plan(ScaleSpec(
            x.shape, axis, axis + self.operand.ndim, self.bias is not None, inplace,
            True, self.dtype.name,
        ), self.kernel)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.kernel.forward(bottom[0].values, self.operand.values,
                            self.bias.values if self.bias else None, top[0].values)

    def affine(self) -> tuple[Array, Array] | None:
        spec, operand = self.kernel.spec, self.operand
        if not self.blobs or operand is not self.blobs[0] or (spec.axis, spec.end) != (1, 2):
            return None
        factor = operand.values.read(Place.HOST).astype(np.float64)
        bias = self.bias.values.read(Place.HOST) if self.bias else np.zeros_like(factor)
        return factor, bias.astype(np.float64)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        """ds = sum of dy * x and db = sum of dy over the axes they lack; dx = dy * s."""
        learned = len(bottom) == 1
        wants_scale = self.param_propagate_down[0] if learned else propagate_down[1]
        if wants_scale and not learned:
            self.operand.grads.zero()  # a bottom's gradient is overwritten, not added to
        wants_bias = self.bias is not None and self.param_propagate_down[-1]
        self.kernel.backward(
            bottom[0].values, self.operand.values, top[0].grads,
            bottom[0].grads if propagate_down[0] else None,
            self.operand.grads if wants_scale else None,
            self.bias.grads if self.bias and wants_bias else None,
        )
