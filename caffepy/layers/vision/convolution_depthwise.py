"""ConvolutionDepthwise: y[c] = w[c] * x[c] + b[c], each channel with a kernel of its own.

bottom  x, N x C x H x W
top     y, N x C x H' x W', with Convolution's H' and W'
param   convolution_param { num_output: C kernel_size: 3 stride: 1 pad: 1 dilation: 1 }

It is Convolution with group = C, which is not written, and not looked at where it is. The weights
are C x 1 x kh x kw, the bias C. farmingyard's.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.layers.vision.convolution import Convolution


@register("ConvolutionDepthwise", dialect="shufflenet", param="convolution_param")
class ConvolutionDepthwise(Convolution):

    def groups(self) -> int:
        return self.channels

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        axis = bottom[0].axis(self.p.axis)
        channels = bottom[0].shape[axis]
        if self.p.num_output != channels:
            self.fail("num_output must be the number of channels: each has one kernel",
                      found=f"num_output {self.p.num_output}, {channels} channels",
                      fix=f"Write num_output: {channels}, or type: \"Convolution\".")
        super().setup(bottom, top)

    @classmethod
    def detail(cls, spec: Any) -> str:
        words, outputs = super().detail(spec), cls.outputs(spec)
        return words if spec.convolution_param.group > 1 else f"{words}/{outputs}"
