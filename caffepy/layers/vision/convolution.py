"""Convolution: y[o] = sum over c in o's group of w[o, c] * x[c] (cross-correlation) + b[o].

bottom  x, N x C x H x W (any number of spatial axes; several bottoms share the weights)
top     y, N x num_output x H' x W',
        H' = floor((H + 2 pad - dilation (kernel - 1) - 1) / stride) + 1
param   convolution_param { num_output: 20 kernel_size: 5 stride: 1 pad: 0 dilation: 1 group: 1
        bias_term: true weight_filler { } bias_filler { } axis: 1 }
V1      CONVOLUTION (V0 "conv")

Sizes are given once, once per spatial axis, or as kernel_h and kernel_w. Axes before ``axis``
count as images. Forks' hole is dilation (hole_h, hole_w and dilation_h, dilation_w, too), and their
pad_t, pad_l, pad_b and pad_r pad each side by its own. The engine and force_nd_im2col words of the
original change nothing here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from caffepy.core import coords, int8
from caffepy.core.fusion import Fused
from caffepy.core.layer import Blobs
from caffepy.core.memory import Array, Shape, Tensor
from caffepy.core.node import Node
from caffepy.core.registry import register
from caffepy.core.window import SIDES, Window
from caffepy.errors import ShapeError
from caffepy.kernels.operations.convolution import ConvolutionKernel, ConvolutionSpec
from caffepy.layers.common._folded import Foldable
from caffepy.layers.common._int8 import quantized
from caffepy.layers.vision._fused import fused
from caffepy.layers.vision._spatial import Spatial, same_shapes, seen_as
from caffepy.proto import caffe_pb2


class BaseConvolution(Foldable):
    """What Convolution and Deconvolution share: the same kernel, run in one direction or other."""

    plans = (ConvolutionSpec,)
    bottoms = "1+"
    tops = "= bottoms"
    learns = ("weights", "bias")
    recordable = True
    windowed = True
    look = "convolution"
    obeys: ClassVar[tuple[str, ...]] = ("hole", "hole_h", "hole_w", "dilation_h", "dilation_w")
    harmless: ClassVar[tuple[str, ...]] = (
        "cudnn_convolution_algo_seeker", "conv_algos_override", "conv_algorithm")

    @classmethod
    def coordinates(cls, spec: Any) -> coords.Map:
        return coords.down(Window(cls.own(spec)))

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        self.spatial = Spatial(self, bottom[0])
        self.channels = bottom[0].shape[self.spatial.axis]
        if p.num_output < 1:
            self.fail("num_output must be at least 1", found=p.num_output)
        self.group = self.groups()
        if self.group < 1 or self.channels % self.group or p.num_output % self.group:
            self.fail("channels and num_output must be multiples of group",
                      found=f"{self.channels} channels, num_output {p.num_output}, "
                            f"group {self.group}")
        self.add_blob(self.weight_shape(), p.weight_filler)
        if p.bias_term:
            self.add_blob((p.num_output,), p.bias_filler)

    def groups(self) -> int:
        """Into how many groups the channels fall; for the channels at hand."""
        return int(self.p.group)

    def weight_shape(self) -> Shape:
        """The shape of the weights, for the channels and settings at hand."""
        raise NotImplementedError

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape, spatial = bottom[0].shape, self.spatial
        same_shapes(self, bottom)
        if len(shape) != spatial.axis + 1 + spatial.axes or shape[spatial.axis] != self.channels:
            self.fail("the bottom does not fit the weights", kind=ShapeError,
                      found=f"shape {shape}",
                      allowed=f"{self.channels} channels at axis {spatial.axis} and "
                              f"{spatial.axes} spatial axes after them")
        before, _, sizes = spatial.split(shape)
        out = self.out(shape)
        for t in top:
            t.reshape((*before, self.p.num_output, *out))
        images = math.prod(before)
        self.x_shape: Shape = (images, self.channels, *sizes)
        self.y_shape: Shape = (images, self.p.num_output, *out)
        self.kernel = self.plan(self.convolution())

    def out(self, shape: Shape) -> Shape:
        """The spatial axes of the top for a bottom of ``shape``."""
        raise NotImplementedError

    def convolution(self) -> ConvolutionSpec:
        """The convolution between ``x_shape`` and ``y_shape``."""
        raise NotImplementedError

    @property
    def makes_channels(self) -> bool:
        return self.spatial.axis == 1

    def spec_between(self, x: Shape, y: Shape, bias: bool) -> ConvolutionSpec:
        """The convolution that takes ``x`` to ``y`` with these weights."""
        s = self.spatial
        return ConvolutionSpec(x, self.blobs[0].shape, y, s.stride, s.pad, s.dilation,
                               self.group, bias, self.dtype.name, s.pad_end)


@register("Convolution", v1="CONVOLUTION", v0="conv", param="convolution_param")
class Convolution(BaseConvolution):
    """Runs the kernel forward."""

    obeys: ClassVar[tuple[str, ...]] = (*SIDES, int8.FIELD)
    thins = True
    computes_relu = True
    computes_sum = True

    def weight_shape(self) -> Shape:
        return (self.p.num_output, self.channels // self.group, *self.spatial.kernel)

    def out(self, shape: Shape) -> Shape:
        return self.spatial.down(shape)

    def convolution(self) -> ConvolutionSpec:
        spec = self.spec_between(self.x_shape, self.y_shape, self.p.bias_term)
        return replace(spec, training=self.phase == caffe_pb2.TRAIN, quantized=quantized(self))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        w = self.blobs[0].values
        b = self.blobs[1].values if self.p.bias_term else None
        for x, y in zip(bottom, top, strict=True):
            self.kernel.forward(seen_as(x.values, self.x_shape), w, b,
                                seen_as(y.values, self.y_shape))

    def outputs_of(self, factor: Array) -> Array:
        return factor.reshape(-1, *(1 for _ in self.blobs[0].shape[1:]))

    def compute(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor, relu: bool = False,
                added: Tensor | None = None) -> None:
        kernel: ConvolutionKernel = self.kernel if b is None else self.folded_kernel
        x, y = seen_as(x, self.x_shape), seen_as(y, self.y_shape)
        if added is not None:
            kernel.forward_sum(x, w, b, seen_as(added, self.y_shape), y, relu)
        else:
            (kernel.forward_relu if relu else kernel.forward)(x, w, b, y)

    def multiply_adds(self, bottom: Blobs, top: Blobs) -> int:
        return sum(y.count for y in top) * self.blobs[0].count_from(1)  # in / group, kernel...

    def fuse(self, chain: Sequence[Node], optimize: bool) -> Fused | None:
        return fused(chain, optimize)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        wanted = [blob.grads if down else None
                  for blob, down in zip(self.blobs, self.param_propagate_down, strict=True)]
        dw, db = wanted[0], wanted[1] if self.p.bias_term else None
        kernel = self.backward_kernel
        for x, y, down in zip(bottom, top, propagate_down, strict=True):
            dy = seen_as(y.grads, self.y_shape)
            if dw is not None or db is not None:
                kernel.backward_weights(seen_as(x.values, self.x_shape), dy, dw, db)
            if down:
                kernel.backward_data(dy, self.blobs[0].values,
                                     seen_as(x.grads, self.x_shape))
