"""Concat: several blobs side by side along one axis.

bottom  x_0, x_1, ..., of one shape but for ``axis``
top     y, that shape with the sum of their sizes at ``axis``
param   concat_param { axis: 1 } (or the older concat_dim)
V1      CONCAT (V0 "concat")

With one bottom the top is the bottom's memory.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.fusion import Fused
from caffepy.core.layer import Blobs
from caffepy.core.node import Node
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.common._axis import AlongAxis
from caffepy.layers.common._parted import parted


@register("Concat", v1="CONCAT", v0="concat", param="concat_param")
class Concat(AlongAxis):
    bottoms = "1+"
    legacy = "concat_dim"

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape = list(bottom[0].shape)
        axis = self.cut_axis(bottom[0])
        for index, blob in enumerate(bottom[1:], start=1):
            same = blob.ndim == len(shape) and all(
                a == b for i, (a, b) in enumerate(zip(blob.shape, shape, strict=True))
                if i != axis
            )
            if not same:
                self.fail(f"all bottoms must have the same shape, except at axis {axis}",
                          kind=ShapeError,
                          found=f"{bottom[0].shape} and, at index {index}, {blob.shape}")
            shape[axis] += blob.shape[axis]
        top[0].reshape(shape)
        if len(bottom) == 1:
            self.alias(bottom[0], top[0])
        else:
            self.kernel = self.plan_parts(bottom, axis)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        if len(bottom) > 1:
            self.kernel.join([x.values for x in bottom], top[0].values)

    def fuse(self, chain: Sequence[Node], optimize: bool) -> Fused | None:
        return parted(chain, optimize)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if len(bottom) > 1:
            self.kernel.split(top[0].grads, [
                x.grads if down else None for x, down in zip(bottom, propagate_down, strict=True)
            ])
