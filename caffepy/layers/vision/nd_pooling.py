"""NdPooling: a Pooling whose sizes are given for each axis, as shapes.

bottom  x, N x C x any number of spatial axes
top     y, as Pooling's with round_mode: FLOOR unless CEIL is asked for, but without spatial axes
        of one place
param   pooling_param { pool: MAX kernel_shape { dim: 2 dim: 2 dim: 2 } stride_shape { }
        pad_shape { } global_pooling: false }

yjxiong's fork for videos.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.layers.vision._volumes import shapes, squeezed
from caffepy.layers.vision.pooling import Pooling
from caffepy.proto import caffe_pb2


@register("NdPooling", dialect="tsn", param="pooling_param")
class NdPooling(Pooling):
    tops = "1"
    obeys = ("kernel_shape", "stride_shape", "pad_shape")

    @classmethod
    def own(cls, spec: Any) -> Any:
        """The PoolingParameter that says the same."""
        given = spec.pooling_param
        words = {} if given.global_pooling else shapes(given)
        own = caffe_pb2.PoolingParameter(
            round_mode="FLOOR", **{f"{name}_all": values for name, values in words.items()})
        own.MergeFrom(given)
        return own

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.p = self.own(self.spec)
        super().setup(bottom, top)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        self.whole = Blob((0,), self.dtype, self.context.mover)  # the top with all its axes
        super().reshape(bottom, [self.whole])
        n, c, *out = self.whole.shape
        top[0].reshape((n, c, *squeezed(tuple(out))))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.whole.share_values(top[0])
        super().forward(bottom, [self.whole])

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        self.whole.share_grads(top[0])
        super().backward([self.whole], propagate_down, bottom)
