"""Reshape: the same numbers in another shape.

bottom  x, any shape
top     y, of shape.dim; shares x's memory, values and gradients
param   reshape_param { shape { dim: 0 dim: -1 } axis: 0 num_axes: -1 }

A dim of 0 copies the bottom's axis at that place; one dim may be -1 and is inferred. With
``axis`` and ``num_axes`` only those axes are replaced by shape.dim; axis -1 stands for the end,
so that axes can be appended.
"""

from __future__ import annotations

import math

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs
from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.common._alias import Alias


@register("Reshape", param="reshape_param")
class Reshape(Alias):
    counts_on_batch = True
    obeys = ("pixelshuffler",)  # 1, which says nothing; others are another class's

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.dims = tuple(self.p.shape.dim)
        if self.dims.count(-1) > 1 or min(self.dims, default=0) < -1:
            self.fail("dims are sizes, 0 to copy, and at most one -1 to infer", found=self.dims)

    def top_shape(self, blob: Blob) -> Shape:
        x = blob.shape
        start, end = self._replaced(x)
        dims = list(self.dims)
        for i, dim in enumerate(dims):
            if dim == 0:
                if start + i >= len(x):
                    self.fail(f"dim {i} of the shape is 0, and the bottom has no axis {start + i} "
                              "to copy", kind=ShapeError, found=f"shape {x}")
                dims[i] = x[start + i]
        if -1 in dims:
            known = math.prod(x[:start] + x[end:]) * -math.prod(dims)
            if known == 0 or math.prod(x) % known:
                self.fail("no size for the dim of -1 fits", kind=ShapeError,
                          found=f"shape {x}, dims {self.dims}")
            dims[dims.index(-1)] = math.prod(x) // known
        y = (*x[:start], *dims, *x[end:])
        if math.prod(y) != math.prod(x):
            self.fail("the top must hold as many numbers as the bottom", kind=ShapeError,
                      found=f"{y} for {x}")
        return y

    def _replaced(self, x: Shape) -> tuple[int, int]:
        """The axes that shape.dim takes the place of: from, up to."""
        axis, num_axes = self.p.axis, self.p.num_axes
        start = axis if axis >= 0 else len(x) + axis + 1
        end = len(x) if num_axes == -1 else start + num_axes
        if not 0 <= start <= end <= len(x):
            self.fail("the axes to replace are not there", kind=ShapeError,
                      found=f"axis {axis} and num_axes {num_axes} of shape {x}")
        return start, end
