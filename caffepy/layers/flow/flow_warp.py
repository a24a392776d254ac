"""FlowWarp: a picture as it is seen after a flow: y at (x, y) is the picture at (x + u, y + v).

bottom  the picture, N x C x H x W; the flow, N x 2 x H x W, u and v in pixels
top     y, shape of the picture
param   flow_warp_param { fill_value: ZERO }, or NOT_A_NUMBER, for places outside of the picture

Between pixels it is bilinear; beyond the last row and column those count. Both get gradients; 0
where the place lies outside, since nothing is seen there. FlowNet's.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.flow._sampled import corners, sample, slopes, spread


@register("FlowWarp", dialect="flownet", param="flow_warp_param")
class FlowWarp(Layer):
    bottoms = "2"
    keeps = ("bottom",)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape, flow = bottom[0].shape, bottom[1].shape
        if len(shape) != 4 or flow != (shape[0], 2, *shape[2:]):
            self.fail("the flow must have two numbers for each pixel of the picture",
                      kind=ShapeError, found=f"shapes {shape} and {flow}",
                      allowed="N x C x H x W and N x 2 x H x W")
        top[0].reshape(shape)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp = self.xp
        picture, flow = (self.read(blob.values) for blob in bottom)
        height, width = picture.shape[2:]
        x = xp.arange(width) + flow[:, 0]
        y = xp.arange(height)[:, None] + flow[:, 1]
        self.at = corners(xp, x, y, height, width)
        seen = sample(xp, picture, self.at)
        if self.p.fill_value == self.p.NOT_A_NUMBER:
            seen = xp.where(self.at.inside[:, None], seen, xp.nan)
        self.overwrite(top[0].values)[...] = seen

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        xp = self.xp
        dy, picture = self.read(top[0].grads), self.read(bottom[0].values)
        if propagate_down[0]:
            spread(xp, dy, self.at, picture.shape, self.overwrite(bottom[0].grads))
        if propagate_down[1]:
            dflow = self.overwrite(bottom[1].grads)
            dflow[:, 0], dflow[:, 1] = slopes(xp, picture, dy, self.at)
