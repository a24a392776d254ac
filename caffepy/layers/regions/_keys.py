"""Numbers and where they are as one integer, so that a maximum finds both.

The upper half has the number's place in the order of all numbers, the lower half counts cells
backwards: of equal numbers that of the first cell is the largest.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from caffepy.core.memory import Array

LAST = 2**32 - 1  # of the lower half
LOWER = 0 if sys.byteorder == "little" else 1


class Keys:
    """Keys of numbers (N, H, W, C), none of them not-a-number: ``table``, int64 in that shape.

    Args:
        lowest: what is not above it is in no cell.
    """

    def __init__(self, xp: Any, numbers: Array, lowest: float) -> None:
        self.known: Array | None = None
        if numbers.dtype == np.float32:
            order = _ordered(numbers + np.float32(0))  # -0 and 0 are equal
        else:
            self.known, order = xp.unique(numbers, return_inverse=True)
            order = order.reshape(numbers.shape)
        cells = xp.arange(numbers.shape[1] * numbers.shape[2]).reshape(1, *numbers.shape[1:3], 1)
        self.table = order.astype(np.int64)
        self.table <<= 32
        self.table += xp.where(numbers > lowest, LAST - cells, 0)

    def values(self, keys: Array) -> Array:
        """The numbers of contiguous keys."""
        order = keys.view(np.int32)[..., 1 - LOWER :: 2]
        return _ordered(order).view(np.float32) if self.known is None else self.known[order]

    def cells(self, keys: Array) -> Array:
        """Their cells, h * W + w, int32; -1 for none."""
        return ~keys.view(np.int32)[..., LOWER::2]


def _ordered(numbers: Array) -> Array:
    """The bits of float32 numbers as integers of the same order; the bits' own way back, too: those
    of numbers below 0 count downwards."""
    bits = numbers.view(np.int32)
    turned = bits >> 31
    turned &= np.int32(0x7FFFFFFF)
    turned ^= bits
    return turned
