"""Layers over rois: R rows of image, x1, y1, x2, y2, the corners in pixels of the picture.

A roi's window is split into pooled_h x pooled_w bins, and a bin covers whole cells of the map.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.errors import DataError, ShapeError

AT_ONCE = 2**16  # numbers that fit into a core's cache, several times
Edges = tuple[Array, Array]  # the first cell of each bin, and the one behind its last: (R, bins)


class OverRois(Layer):
    """Bottoms: a map N x C x H x W, and rois (R, 5), or (R, 5, 1, 1) as older nets have them."""

    bottoms = "2"
    labels = (1,)

    def check(self, bottom: Blobs) -> int:
        """The number of rois; an error if the shapes do not fit."""
        x, rois = bottom
        if x.ndim != 4:
            self.fail("the first bottom must have 4 axes (images, channels, height, width)",
                      kind=ShapeError, found=f"shape {x.shape}")
        if rois.ndim < 2 or rois.count != 5 * rois.shape[0]:
            self.fail("rois are rows of 5 numbers: image, x1, y1, x2, y2", kind=ShapeError,
                      found=f"shape {rois.shape}", allowed="(R, 5)")
        return rois.shape[0]

    def example(self, index: int, bottom: Blobs, random: np.random.Generator) -> Array | None:
        """Rois of any size on the first image."""
        if index != 1:
            return None
        h, w = bottom[0].shape[2:]
        size = np.array([w, h]) / self.p.spatial_scale
        ends = np.sort(random.uniform(0, 1, (bottom[1].shape[0], 2, 2)) * size, axis=1)
        return np.insert(ends.reshape(-1, 4), 0, 0, axis=1).reshape(bottom[1].shape)

    def rois(self, bottom: Blobs) -> tuple[Array, Array]:
        """The image of each roi, (R,), and its corners, (R, 4), in float32 as in the original.

        Raises:
            DataError: there is no such image.
        """
        rows = self.read(bottom[1].values).reshape(-1, 5).astype(np.float32)
        images = rows[:, 0]
        known = (images > -1) & (images < bottom[0].shape[0])
        if not known.all():
            row = int((~known).argmax())
            self.fail(f"roi {row} is of an image that is not in the batch", kind=DataError,
                      found=f"{float(images[row]):g}", allowed=f"0 to {bottom[0].shape[0] - 1}")
        return images.astype(np.int64), rows[:, 1:]


def rounded(xp: Any, values: Array) -> Array:
    """To whole numbers, halves away from zero."""
    whole = xp.trunc(values)
    return whole + xp.where(xp.abs(values - whole) >= 0.5, xp.sign(values), 0).astype(values.dtype)


def widened(corners: Array, ratio: float) -> Array:
    """Corners of rois, moved outwards by a share of the roi's size."""
    by = (corners[:, 2:] - corners[:, :2] + 1) * np.float32(ratio)
    result = corners.copy()
    result[:, :2] -= by
    result[:, 2:] += by
    return result


def parts(xp: Any, rows: int, each: int) -> Iterator[slice]:
    """Rows of ``each`` numbers, so few at once that they stay in the cache; on a GPU all."""
    few = max(1, AT_ONCE // max(1, each)) if xp is np else max(1, rows)
    return (slice(start, min(start + few, rows)) for start in range(0, rows, few))


def running_sums(xp: Any, x: Array, axis: int) -> None:
    """Add to all numbers those before them along an axis, in place."""
    if xp is not np:
        x[...] = x.cumsum(axis=axis)
        return
    rows = np.moveaxis(x, axis, 0)
    for before, row in pairwise(rows):  # whole rows at once are faster than along the axis
        row += before


def edges(xp: Any, step: Array, bins: int, cells: int, inside: Any = 0.0, start: Any = 0
          ) -> Edges:
    """Where bins begin and end along one axis of a map of so many cells.

    Args:
        step: the size of a bin of each roi, (R,).
        inside: what is added before edges are made whole, (R,); ``start``: and what after it.
    """
    at = xp.arange(bins + 1, dtype=np.float32) * step[:, None]
    inside, start = (xp.asarray(v).reshape(-1, 1) for v in (inside, start))
    low, high = xp.floor(at[:, :-1] + inside), xp.ceil(at[:, 1:] + inside)
    return (xp.clip(low + start, 0, cells).astype(np.int64),
            xp.clip(high + start, 0, cells).astype(np.int64))
