"""Deconvolution: a convolution run backwards, so that one input cell paints a whole window.

bottom  x, N x C x H x W (any number of spatial axes; several bottoms share the weights)
top     y, N x num_output x H' x W', H' = stride (H - 1) + dilation (kernel - 1) + 1 - 2 pad
param   convolution_param { num_output: 21 kernel_size: 4 stride: 2 pad: 1 dilation: 1 group: 1
        bias_term: true weight_filler { type: "bilinear" } bias_filler { } axis: 1 }
V1      DECONVOLUTION

Forward is the data gradient of the convolution that takes y to x with the same weights, and
backward is that convolution itself. The weights are C x num_output / group x kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core import coords
from caffepy.core.fusion import Fused
from caffepy.core.layer import Blobs
from caffepy.core.memory import Array, Shape, Tensor
from caffepy.core.node import Node
from caffepy.core.registry import register
from caffepy.core.window import Window
from caffepy.kernels.operations.convolution import ConvolutionKernel, ConvolutionSpec
from caffepy.layers.common._folded import folded
from caffepy.layers.vision._spatial import seen_as
from caffepy.layers.vision.convolution import BaseConvolution


@register("Deconvolution", v1="DECONVOLUTION", param="convolution_param")
class Deconvolution(BaseConvolution):
    """Runs the kernel the other way; the bias is added afterwards."""

    mirrored = True

    @classmethod
    def coordinates(cls, spec: Any) -> coords.Map:
        return coords.up(Window(cls.own(spec)))

    def weight_shape(self) -> Shape:
        return (self.channels, self.p.num_output // self.group, *self.spatial.kernel)

    def out(self, shape: Shape) -> Shape:
        return self.spatial.up(shape)

    def convolution(self) -> ConvolutionSpec:
        return self.spec_between(self.y_shape, self.x_shape, False)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        w = self.blobs[0].values
        b = self.blobs[1].values if self.p.bias_term else None
        for x, y in zip(bottom, top, strict=True):
            self.compute(x.values, w, b, y.values)

    def compute(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor,
                relu: bool = False, added: Tensor | None = None) -> None:
        values = seen_as(y, self.y_shape)
        self.kernel.backward_data(seen_as(x, self.x_shape), w, values)
        if b is not None:
            self.kernel.add_bias(values, b)

    @property
    def folded_kernel(self) -> ConvolutionKernel:
        return self.kernel

    def outputs_of(self, factor: Array) -> Array:
        channels, outputs, *kernel = self.blobs[0].shape  # outputs are those of a group
        rows = factor.reshape(self.group, outputs).repeat(channels // self.group, axis=0)
        return rows.reshape(channels, outputs, *(1 for _ in kernel))

    def fuse(self, chain: Sequence[Node], optimize: bool) -> Fused | None:
        return folded(chain, optimize)

    def multiply_adds(self, bottom: Blobs, top: Blobs) -> int:
        return sum(x.count for x in bottom) * self.blobs[0].count_from(1)  # out / group, kernel...

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        w, learns = self.blobs[0], self.param_propagate_down
        for x, y, down in zip(bottom, top, propagate_down, strict=True):
            dy = seen_as(y.grads, self.y_shape)
            if learns[0]:
                self.kernel.backward_weights(dy, seen_as(x.values, self.x_shape), w.grads, None)
            if self.p.bias_term and learns[1]:
                self.kernel.add_bias_gradient(dy, self.blobs[1].grads)
            if down:
                self.kernel.forward(dy, w.values, None, seen_as(x.grads, self.x_shape))
