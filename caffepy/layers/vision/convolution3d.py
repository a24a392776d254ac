"""Convolution3D: a Convolution over time, height and width.

bottom  x, N x C x T x H x W
top     y, N x num_output x T' x H' x W', each as Convolution's
param   convolution3d_param { num_output: 64 kernel_depth: 3 kernel_size: 3 temporal_stride: 1
        stride: 1 temporal_pad: 1 pad: 1 bias_term: true weight_filler { } bias_filler { } }
        C3D 1.0 has the same words in convolution_param

kernel_depth, temporal_stride and temporal_pad are those of time. The weights are num_output x C x
kernel_depth x kernel_size x kernel_size. filter_group only splits the work, and group is not there.
Tran et al., "Learning Spatiotemporal Features with 3D Convolutional Networks", 2015 (C3D).
"""

from __future__ import annotations

from typing import Any

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ConfigError
from caffepy.layers.vision._volumes import check, sizes
from caffepy.layers.vision.convolution import Convolution
from caffepy.proto import caffe_pb2


@register("Convolution3D", dialect="c3d", param="convolution3d_param")
class Convolution3D(Convolution):
    obeys = ("kernel_depth", "temporal_stride", "temporal_pad")
    harmless = ("filter_group",)

    @classmethod
    def own(cls, spec: Any) -> Any:
        """The ConvolutionParameter that says the same."""
        given = spec.convolution3d_param if spec.HasField("convolution3d_param") else (
            spec.convolution_param)
        if given.group > 1:
            raise ConfigError("Convolution3D has no groups", found=f"group: {given.group}",
                              fix='type: "Convolution" takes videos, too, and has them.')
        found = sizes(given)
        if isinstance(given, caffe_pb2.ConvolutionParameter):
            own = caffe_pb2.ConvolutionParameter()
            own.CopyFrom(given)
            for name in found:
                own.ClearField(name)
        else:
            own = caffe_pb2.ConvolutionParameter(
                num_output=given.num_output, bias_term=given.bias_term,
                weight_filler=given.weight_filler, bias_filler=given.bias_filler)
        own.MergeFrom(caffe_pb2.ConvolutionParameter(**found))
        return own

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.p = self.own(self.spec)
        check(self, bottom)
        super().setup(bottom, top)

    def accept(self, given: list[Array | None]) -> list[Array | None]:
        """C3D's bias has the shape (1, 1, 1, 1, num_output)."""
        return given[:1] + [None if values is None else values.reshape(-1)
                            for values in given[1:]]
