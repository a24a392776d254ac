"""Slice: one blob cut into several along one axis.

bottom  x
top     y_0, y_1, ..., the shape of x but for ``axis``: cut at the slice points, or in equal parts
param   slice_param { axis: 1 slice_point: 2 slice_point: 5 } (or the older slice_dim)
V1      SLICE

With one top it is the bottom's memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.common._axis import AlongAxis


@register("Slice", v1="SLICE", param="slice_param")
class Slice(AlongAxis):
    cuts = True
    counts_on_batch = True
    tops = "1+"
    legacy = "slice_dim"

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x = bottom[0]
        axis = self.cut_axis(x)
        sizes = self._sizes(x, axis, len(top))
        for y, size in zip(top, sizes, strict=True):
            y.reshape((*x.shape[:axis], size, *x.shape[axis + 1 :]))
        if len(top) == 1:
            self.alias(x, top[0])
        else:
            self.kernel = self.plan_parts(top, axis)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        if len(top) > 1:
            self.kernel.split(bottom[0].values, [y.values for y in top])

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if len(top) > 1 and propagate_down[0]:
            self.kernel.join([y.grads for y in top], bottom[0].grads)

    def _sizes(self, x: Blob, axis: int, tops: int) -> list[int]:
        """How long each top is along the axis."""
        points, length = list(self.p.slice_point), x.shape[axis]
        if not points:
            if length % tops:
                self.fail(f"axis {axis} cannot be cut into {tops} equal parts", kind=ShapeError,
                          found=f"shape {x.shape}", fix="Give slice_point entries.")
            return [length // tops] * tops
        if len(points) != tops - 1:
            self.fail("there must be one slice_point fewer than tops",
                      found=f"{len(points)} for {tops} tops")
        sizes = [end - start for start, end in pairwise([0, *points, length])]
        if min(sizes) < 1:
            self.fail("slice points must grow and lie inside the axis", kind=ShapeError,
                      found=f"{points} for {length} at axis {axis} of shape {x.shape}")
        return sizes
