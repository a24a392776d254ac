"""NdConvolution: a Convolution whose sizes are given for each axis, as shapes.

bottom  x, N x C x any number of spatial axes (several bottoms share the weights)
top     y, as Convolution's, but without spatial axes of one place
param   convolution_param { num_output: 64 kernel_shape { dim: 3 dim: 3 dim: 3 } stride_shape { }
        pad_shape { } group: 1 bias_term: true weight_filler { } bias_filler { } }

The weights are num_output x C / group x the kernel. yjxiong's fork for videos.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.layers.vision._volumes import shapes, squeezed
from caffepy.layers.vision.convolution import Convolution
from caffepy.proto import caffe_pb2


@register("NdConvolution", dialect="tsn", param="convolution_param")
class NdConvolution(Convolution):
    obeys = ("kernel_shape", "stride_shape", "pad_shape")

    @classmethod
    def own(cls, spec: Any) -> Any:
        """The ConvolutionParameter that says the same."""
        given = caffe_pb2.ConvolutionParameter(**shapes(spec.convolution_param))
        given.MergeFrom(spec.convolution_param)
        return given

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.p = self.own(self.spec)
        super().setup(bottom, top)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        for t in top:
            t.reshape((*self.y_shape[:2], *squeezed(self.y_shape[2:])))
