"""The largest number in each of many rectangles of cells, whatever their sizes.

A table says the largest of every block of 2^i x 2^j cells. A rectangle is covered by the four such
blocks in its corners, of the largest i and j that fit, so it costs four look-ups.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from caffepy.core.memory import Array
from caffepy.layers.regions._rois import Edges

LOWEST = -float(np.finfo(np.float32).max)  # where the search for a maximum starts

Table = tuple[Array, Any]  # the values of blocks, and the cells that have them, or None


def largest(xp: Any, x: Array, images: Array, rows: Edges, columns: Edges, cells: bool
            ) -> tuple[Array, Any]:
    """The largest of each bin of each roi, for each channel; 0 where a bin is empty.

    Args:
        x: (N, H, W, C).
        images: which of the N, (R,).
        rows, columns: where bins lie, (R, bins) each.
        cells: whether to say which cell h * W + w has it, the first in row order: -1 for none.

    Returns: values and cells, (R, rows, columns, C); None for cells that are not asked for.
    """
    (top, bottom), (left, right) = rows, columns
    tall, wide = _level(xp, bottom - top), _level(xp, right - left)
    shape = (len(images), top.shape[1], left.shape[1], x.shape[3])
    values = xp.zeros(shape, x.dtype)
    winners: Any = xp.full(shape, -1, np.int32) if cells else None
    down: Table = (xp.where(x > LOWEST, x, x.dtype.type(LOWEST)), None)  # not-a-number never wins
    if cells:
        numbers = xp.arange(x.shape[1] * x.shape[2], dtype=np.int32).reshape(1, *x.shape[1:3], 1)
        down = down[0], xp.broadcast_to(numbers, x.shape)
    for i in range(_most(tall) + 1):
        across = down = _doubled(xp, down, 1, i)
        for j in range(_most(wide) + 1):
            across = _doubled(xp, across, 2, j)
            bins = xp.nonzero((tall[:, :, None] == i) & (wide[:, None, :] == j))
            if not len(bins[0]):
                continue
            r, p, q = bins
            low, high = top[r, p], bottom[r, p] - (1 << i)
            first, last = left[r, q], right[r, q] - (1 << j)
            corners = [_picked(across, (images[r], y, z)) for y in (low, high)
                       for z in (first, last)]
            best = reduce(lambda a, b: _better(xp, a, b), corners)
            values[bins] = best[0]
            if cells:
                winners[bins] = xp.where(best[0] > LOWEST, best[1], -1)
    return values, winners


def _level(xp: Any, sizes: Array) -> Array:
    """The largest i with 2^i <= size; -1 where there is none."""
    return xp.frexp(xp.maximum(sizes, 0).astype(np.float64))[1] - 1


def _most(levels: Array) -> int:
    return int(levels.max()) if levels.size else -1


def _doubled(xp: Any, table: Table, axis: int, level: int) -> Table:
    """Blocks twice as long, of blocks of 2^(level - 1); for level 0 they are what they are."""
    if level == 0:
        return table
    step = 1 << (level - 1)
    before, behind = ((slice(None),) * axis + (part,)
                      for part in (slice(None, -step), slice(step, None)))
    return _better(xp, _picked(table, before), _picked(table, behind))


def _picked(table: Table, index: Any) -> Table:
    values, cells = table
    return values[index], None if cells is None else cells[index]


def _better(xp: Any, a: Table, b: Table) -> Table:
    """Place by place the larger one, of equals the one whose cell comes first."""
    if a[1] is None:
        return xp.maximum(a[0], b[0]), None
    other = (b[0] > a[0]) | ((b[0] == a[0]) & (b[1] < a[1]))
    return xp.where(other, b[0], a[0]), xp.where(other, b[1], a[1])
