"""ChannelScale: y = s x, one s for all channels of a pixel.

bottom  x, N x C x H x W; s, N x 1 x H x W
top     y, shape of x; with global_scale optionally that scale, 1
param   channel_scale_param { do_forward: true do_backward_feature: true do_backward_scale: true
        global_scale: false max_global_scale: 1000 min_global_scale: 0 }

ds = sum over channels of dy x, dx = s dy. do_forward false copies x; do_backward_feature false
passes dy as it is; do_backward_scale false gives s no gradient. With global_scale a parameter of
one number takes the place of s: it is held within its bounds by forward, and both gradients still
take s. The parameter does not learn. happynear's (NormFace), as its CPU code has it.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.proto import caffe_pb2


@register("ChannelScale", dialect="happynear", param="channel_scale_param")
class ChannelScale(Layer):
    bottoms = "2"
    tops = "1-2"
    learns = ("scale, if global",)
    recordable = True
    same_place = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.global_scale:
            # init_global_scale is not read: -1 stands for "not learned yet" in the original
            self.add_blob((1,), caffe_pb2.FillerParameter(type="constant", value=-1))
            # it is no parameter that a solver may change
            if not self.spec.param:
                self.spec.param.add(lr_mult=0, decay_mult=0)
            elif self.spec.param[0].lr_mult != 0:
                self.fail("the global scale is not learned",
                          found=f"param with lr_mult {self.spec.param[0].lr_mult:g}",
                          allowed="lr_mult: 0", fix="Leave the param entry out.")
        elif len(top) > 1:
            self.fail("only a global scale has a top of its own", fix="Take one top, or set "
                      "global_scale: true.")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x, s = bottom
        if x.ndim < 2 or s.count * x.shape[1] != x.count or s.shape[:1] != x.shape[:1]:
            self.fail("the second bottom must have one number for each pixel", kind=ShapeError,
                      found=f"shape {s.shape} for {x.shape}",
                      allowed=f"{(x.shape[0], 1, *x.shape[2:])}" if x.ndim > 1 else None)
        self.spread = (x.shape[0], 1, *x.shape[2:])
        top[0].reshape(x.shape)
        if len(top) > 1:
            top[1].reshape(1)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x, y = self.read(bottom[0].values), self.overwrite(top[0].values)
        s = self.read(bottom[1].values).reshape(self.spread)
        if self.p.global_scale and self.p.do_forward:
            s = self.write(self.blobs[0].values)
            s[...] = self.xp.maximum(self.xp.minimum(s, self.p.max_global_scale),
                                     self.p.min_global_scale)
            if len(top) > 1:
                self.overwrite(top[1].values)[...] = s
        y[...] = x * s if self.p.do_forward else x

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dy, x = self.read(top[0].grads), self.read(bottom[0].values)
        if propagate_down[1]:
            ds = self.overwrite(bottom[1].grads)
            ds[...] = (dy * x).sum(axis=1).reshape(ds.shape) if self.p.do_backward_scale else 0
        if propagate_down[0]:
            s = self.read(bottom[1].values).reshape(self.spread)
            self.overwrite(bottom[0].grads)[...] = s * dy if self.p.do_backward_feature else dy
