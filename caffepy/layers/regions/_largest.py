"""The largest number in each of many rectangles of cells, whatever their sizes.

A table says the largest of every block of 2^i x 2^j cells. A rectangle is covered by the four such
blocks in its corners, of the largest i and j that fit, so it costs four look-ups; two or one where
corners are the same block.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from caffepy.core.memory import Array
from caffepy.layers.regions._keys import Keys
from caffepy.layers.regions._rois import Edges, parts

LOWEST = -float(np.finfo(np.float32).max)  # where the search for a maximum starts


def largest(xp: Any, x: Array, images: Array, rows: Edges, columns: Edges, values: Array,
            cells: Array | None = None) -> None:
    """The largest of each bin of each roi, for each channel; 0 where a bin is empty.

    Args:
        x: (N, H, W, C).
        images: which of the N, (R,).
        rows, columns: where bins lie, (R, bins) each.
        values: is written, (R, rows, columns, C), contiguous.
        cells: is written if given, int32 in the same shape: which cell h * W + w has it, the first
            in row order; -1 for none.
    """
    channels = x.shape[3]
    numbers = xp.where(x > LOWEST, x, x.dtype.type(LOWEST))  # not-a-number never wins
    keys = None if cells is None else Keys(xp, numbers, LOWEST)
    table = numbers if keys is None else keys.table
    flat = values.reshape(-1, channels)
    won = None if cells is None else cells.reshape(-1, channels)
    empty = ((rows[1] <= rows[0])[:, :, None] | (columns[1] <= columns[0])[:, None]).reshape(-1)
    flat[empty] = 0
    if won is not None:
        won[empty] = -1
    for blocks, bins, corners in _look_ups(xp, table, images, rows, columns):
        for part in parts(xp, len(bins), channels * table.itemsize // 4):
            best = reduce(xp.maximum, (blocks.take(corner[part], axis=0) for corner in corners))
            if keys is None or won is None:
                flat[bins[part]] = best
            else:
                flat[bins[part]], won[bins[part]] = keys.values(best), keys.cells(best)


def _look_ups(xp: Any, table: Array, images: Array, rows: Edges, columns: Edges
              ) -> Iterator[tuple[Array, Array, list[Array]]]:
    """Blocks of a size, (blocks, C); bins, by their number; and the block in each corner of them.
    """
    (top, bottom), (left, right) = rows, columns
    tall, wide = _level(xp, bottom - top), _level(xp, right - left)
    down = table
    for i in range(_most(tall) + 1):
        across = down = _doubled(xp, down, 1, i)
        for j in range(_most(wide) + 1):
            across = _doubled(xp, across, 2, j)
            r, p, q = xp.nonzero((tall[:, :, None] == i) & (wide[:, None, :] == j))
            bins = (r * top.shape[1] + p) * left.shape[1] + q
            _, h, w, c = across.shape
            ys, zs = (top[r, p], bottom[r, p] - (1 << i)), (left[r, q], right[r, q] - (1 << j))
            for two_rows, two_columns in product((False, True), repeat=2):
                some = xp.flatnonzero(((ys[0] != ys[1]) == two_rows)
                                      & ((zs[0] != zs[1]) == two_columns))
                if len(some):
                    corners = [((images[r] * h + y) * w + z)[some]
                               for y in ys[: 1 + two_rows] for z in zs[: 1 + two_columns]]
                    yield across.reshape(-1, c), bins[some], corners


def _level(xp: Any, sizes: Array) -> Array:
    """The largest i with 2^i <= size; -1 where there is none."""
    return xp.frexp(xp.maximum(sizes, 0).astype(np.float64))[1] - 1


def _most(levels: Array) -> int:
    return int(levels.max()) if levels.size else -1


def _doubled(xp: Any, table: Array, axis: int, level: int) -> Array:
    """Blocks twice as long, of blocks of 2^(level - 1); for level 0 they are what they are."""
    if level == 0:
        return table
    step = 1 << (level - 1)
    before, behind = (table[(slice(None),) * axis + (part,)]
                      for part in (slice(None, -step), slice(step, None)))
    return xp.maximum(before, behind)
