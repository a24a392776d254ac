"""DepthwiseConvolution: Convolution under the name of kernels for group = channels.

bottom  x, N x C x H x W, as for Convolution
top     y, N x num_output x H' x W'
param   convolution_param { num_output: C group: C kernel_size: 3 stride: 1 pad: 1 }

``group`` is written out; then each channel is convolved with a kernel of its own, and the weights
are C x 1 x kh x kw. yonghenglh6's, and MobileNet-YOLO's.
"""

from __future__ import annotations

from caffepy import log
from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.layers.vision.convolution import Convolution

logger = log.get(__name__)


@register("DepthwiseConvolution", dialect="depthwise", param="convolution_param")
class DepthwiseConvolution(Convolution):

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        if not self.group == self.channels == self.p.num_output:
            # as the fork's CPU code; its GPU code takes one kernel a channel, whatever is written
            logger.warning(
                "%s: group %d and num_output %d for %d channels make a plain convolution. One "
                "kernel for each channel is group: %d and num_output: %d.", self.place_name,
                self.group, self.p.num_output, self.channels, self.channels, self.channels)
