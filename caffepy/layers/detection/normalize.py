"""Normalize: each item, or each pixel over its channels, to length 1, times a learned scale.

bottom  x, N x C or N x C x ...
top     y, shape of x; may be the same blob (in place)
param   norm_param { across_spatial: true channel_shared: true eps: 1e-10 }, scale_filler

y = scale * x / n, where n is the root of eps plus the sum of squares over the whole item, or over
the channels of each pixel if across_spatial is false. The one parameter is the scale, without axes
or, if channel_shared is false, one number a channel; it starts at 1. SSD's; with normalize_param or
two tops the layer is happynear's, see normalize_happynear.py.

dx = scale * (dy - x * sum(x * dy) / n^2) / n, dscale = sum(dy * x / n). With one scale a channel
that dx is SSD's: the true one has the scale within the sum, too.

A caffemodel whose layer has no scale is of yjxiong's fork, which brings whole items to length 1 and
learns nothing: the scale is 1 and stays so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.proto import caffe_pb2


@register("Normalize", dialect="ssd", param="norm_param")
class Normalize(Layer):
    inplace = True
    recordable = True
    rescales = True
    learns = ("scale",)
    obeys = ("fix_scale", "add_eps_before_sqrt")

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p, x = self.p, bottom[0]
        if x.ndim < 2:
            self.fail("the bottom must have channels", kind=ShapeError, found=f"shape {x.shape}",
                      allowed="2 or more axes")
        self.across = not p.HasField("across_spatial") or p.across_spatial
        self.shared = not p.HasField("channel_shared") or p.channel_shared
        # without across_spatial Synopsys' fork takes no notice of this word
        self.eps_behind = (self.across and p.HasField("add_eps_before_sqrt")
                           and not p.add_eps_before_sqrt)
        self.fixed = p.fix_scale
        one = caffe_pb2.FillerParameter(type="constant", value=1)
        self.add_blob(() if self.shared else x.shape[1:2],
                      p.scale_filler if p.HasField("scale_filler") else one)

    def accept(self, given: list[Array | None]) -> list[Array | None]:
        """yjxiong's has no scale."""
        if given or self.spec.HasField("norm_param"):
            return given
        self.fixed = True
        return [np.ones(self.blobs[0].shape, self.dtype)]

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x = bottom[0]
        if not self.shared and self.blobs[0].shape != x.shape[1:2]:
            self.fail("the number of channels cannot change", kind=ShapeError,
                      found=f"shape {x.shape}", allowed=f"{self.blobs[0].count} channels")
        top[0].reshape_like(x)
        self.axes = tuple(range(1, x.ndim)) if self.across else (1,)
        self.of_channel = (1, -1, *(1 for _ in x.shape[2:]))
        self._x = x
        self._copies = top[0] is x
        if self._copies:
            self._x = Blob(x.shape, self.dtype, self.context.mover)
            self.keeps = ()

    def length(self, x: Array) -> Array:
        """n, with 1 in place of the axes that are summed over."""
        xp = self.xp
        squares = self.sums(x, x)
        if self.eps_behind:
            return xp.sqrt(squares) + self.p.eps
        return xp.sqrt(squares + self.p.eps)

    def sums(self, one: Array, other: Array) -> Array:
        """The sums of products that one length is made of, with 1 in place of their axes."""
        product = one * other
        if product.ndim == 4 and not product.flags.c_contiguous:  # channels lie last
            whole = product.transpose(0, 2, 3, 1)
            axes = (1, 2, 3) if self.across else (3,)
            return whole.sum(axis=axes, keepdims=True).transpose(0, 3, 1, 2)
        return product.sum(axis=self.axes, keepdims=True)

    def scale(self) -> Array:
        scale = self.read(self.blobs[0].values)
        return scale if self.shared else scale.reshape(self.of_channel)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        place = self.follow(bottom[0].values)
        x = bottom[0].values.read(place)
        if self._copies:
            self._x.values.overwrite(place)[...] = x
        y = x * (1 / self.length(x))  # one after the other, so that all lies as x does
        self.xp.multiply(y, self.scale(), out=top[0].values.overwrite(place))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        place = self.follow(self._x.values)
        x, dy = self._x.values.read(place), top[0].grads.read(place)
        n = self.length(x)
        if self.param_propagate_down[0] and not self.fixed:
            others = None if self.shared else tuple(a for a in range(x.ndim) if a != 1)
            self.accumulate(self.blobs[0].grads, (dy * x / n).sum(axis=others))
        if propagate_down[0]:
            along = self.sums(x, dy)
            dx = (dy - x * (along / (n * n))) * (1 / n) * self.scale()
            bottom[0].grads.overwrite(place)[...] = dx
