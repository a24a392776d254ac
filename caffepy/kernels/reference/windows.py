"""Windows that slide over the spatial axes: what convolution, pooling and im2col share.

A window lies at every position of the output; its cells are told apart by their offset, one
number per axis below ``kernel``. All of it works for any number of spatial axes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.core.memory import Array, Shape

Pairs = tuple[int, ...]


def every(*indices: Any) -> tuple[Any, ...]:
    """An index into the spatial axes, of every image and every channel."""
    return (slice(None), slice(None), *indices)


@dataclass(frozen=True)
class Windows:
    """Where windows lie; one number per spatial axis in each field.

    Attributes:
        kernel: cells of a window.
        stride: from one window to the next.
        pad: cells added before the input, and after it as far as windows reach.
        dilation: from one cell of a window to the next.
        out: how many windows.
    """

    kernel: Pairs
    stride: Pairs
    pad: Pairs
    dilation: Pairs
    out: Pairs

    def offsets(self) -> Iterator[Pairs]:
        """The offset of each cell of a window, in row order."""
        return iter(np.ndindex(*self.kernel))

    def padded(self, xp: Any, x: Array, fill: float = 0) -> Array:
        """``x`` with cells of ``fill`` around it, so that all windows lie within."""
        shape = self._padded_shape(x.shape)
        if shape == x.shape:
            return x
        result = xp.full(shape, fill, x.dtype)
        self.inner(result, x.shape)[...] = x
        return result

    def zeros(self, xp: Any, shape: Shape, dtype: Any) -> Array:
        """Zeros in the padded shape of an input of ``shape``."""
        return xp.zeros(self._padded_shape(shape), dtype)

    def inner(self, padded: Array, shape: Shape) -> Array:
        """The view of the padded array that is the input, of ``shape``."""
        cells = (slice(p, p + n) for p, n in zip(self.pad, shape[2:], strict=True))
        return padded[every(*cells)]

    def at(self, padded: Array, offset: Pairs) -> Array:
        """The view of the cells at ``offset`` in each window: (N, C, out...)."""
        cells = (
            slice(o * d, o * d + s * (n - 1) + 1, s)
            for o, d, s, n in zip(offset, self.dilation, self.stride, self.out, strict=True)
        )
        return padded[every(*cells)]

    def im2col(self, xp: Any, x: Array) -> Array:
        """(N, C, cells of a window, windows): the windows of (N, C, spatial...) as columns."""
        padded = self.padded(xp, x)
        n, c, *steps = padded.strides
        view = xp.lib.stride_tricks.as_strided(
            padded,
            (*x.shape[:2], *self.kernel, *self.out),
            (n, c, *(a * d for a, d in zip(steps, self.dilation, strict=True)),
             *(a * s for a, s in zip(steps, self.stride, strict=True))),
        )
        return view.reshape(*x.shape[:2], math.prod(self.kernel), math.prod(self.out))

    def col2im(self, xp: Any, columns: Array, shape: Shape) -> Array:
        """The transpose of im2col: each input cell gets the sum of its copies in columns."""
        columns = columns.reshape(*shape[:2], *self.kernel, *self.out)
        padded = self.zeros(xp, shape, columns.dtype)
        for offset in self.offsets():
            self.at(padded, offset)[...] += columns[every(*offset)]
        return self.inner(padded, shape)

    @property
    def pointwise(self) -> bool:
        """Whether the columns are the input itself: 1x1, stride 1, no padding."""
        return (set(self.kernel) <= {1} and set(self.stride) <= {1} and not any(self.pad))

    def _padded_shape(self, shape: Shape) -> Shape:
        # windows may stop short of the input's end, or reach beyond it where shapes round up
        return (*shape[:2], *(
            max(p + size, s * (n - 1) + d * (k - 1) + 1)
            for size, k, s, p, d, n in zip(shape[2:], self.kernel, self.stride, self.pad,
                                           self.dilation, self.out, strict=True)
        ))
