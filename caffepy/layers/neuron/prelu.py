"""PReLU: y = x for x > 0, else a * x, with a learned slope a for each channel.

bottom  x, N x C x ...
top     y, shape of x; may be the same blob (in place)
param   prelu_param { filler { type: "constant" value: 0.25 } channel_shared: false }
learns  a: C slopes, or one for all channels if channel_shared

da = sum of dy * x over where x <= 0; dx = dy * (1 where x > 0, else a).
He, Zhang, Ren, Sun, "Delving Deep into Rectifiers", 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.proto import caffe_pb2


@register("PReLU", param="prelu_param")
class PReLU(Layer):
    inplace = True
    learns = ("slope",)
    recordable = True
    same_place = True

    @classmethod
    def by_pixel(cls, spec: Any) -> bool:
        return True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if bottom[0].ndim < 2:
            self.fail("the bottom needs an axis for items and one for channels", kind=ShapeError,
                      found=f"shape {bottom[0].shape}")
        default = caffe_pb2.FillerParameter(type="constant", value=0.25)
        self.add_blob(() if self.p.channel_shared else (bottom[0].shape[1],),
                      self.p.filler if self.p.HasField("filler") else default)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x = bottom[0]
        top[0].reshape_like(x)
        slopes = self.blobs[0].count
        if slopes not in (1, x.shape[1]):
            self.fail("there is one slope for each channel", kind=ShapeError,
                      found=f"{slopes} slopes for shape {x.shape}")
        self.per_channel = (slopes, *(1 for _ in x.shape[2:]))  # broadcasts over x
        self.summed = tuple(axis for axis in range(x.ndim) if axis != 1)
        self.x = x
        if top[0] is x:  # y takes the room of x, and its sign does not tell that of x if a < 0
            self.x = Blob(x.shape, self.dtype, self.context.mover)
            self.keeps = ()

    def slopes(self) -> Array:
        return self.read(self.blobs[0].values).reshape(self.per_channel)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        place = self.follow(bottom[0].values)
        x = bottom[0].values.read(place)
        if self.x is not bottom[0]:
            self.x.values.overwrite(place)[...] = x
        y = self.xp.where(x > 0, x, self.slopes() * x)
        top[0].values.overwrite(place)[...] = y

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        place = self.follow(self.x.values)
        x, dy = self.x.values.read(place), top[0].grads.read(place)
        if self.param_propagate_down[0]:
            sums = (dy * self.xp.minimum(x, 0)).sum(axis=self.summed)
            slopes = self.blobs[0]
            self.accumulate(slopes.grads,
                            sums.sum() if self.p.channel_shared else sums.reshape(slopes.shape))
        if propagate_down[0]:
            dx = dy * self.xp.where(x > 0, x.dtype.type(1), self.slopes())
            bottom[0].grads.overwrite(place)[...] = dx
