"""A colour for each class, on all sheets, pictures and curves: those of Pascal VOC's pictures of
labels.

The lowest bit of a number goes into the highest of red, the next into green's, the third into
blue's, the fourth into the second highest of red, and so on. 0 is black, 255 nearly white.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Color = tuple[int, int, int]  # blue, green, red


def _palette() -> NDArray[Any]:
    colors = np.zeros((256, 3), np.uint8)
    numbers = np.arange(256)
    for bit in range(8):
        channel, place = 2 - bit % 3, 7 - bit // 3  # blue, green, red, as OpenCV has them
        colors[:, channel] |= ((numbers >> bit & 1) << place).astype(np.uint8)
    return colors


COLORS = _palette()


def color_of(label: float) -> Color:
    """In OpenCV's order."""
    blue, green, red = COLORS[int(label) % 256].tolist()
    return blue, green, red


def painted(labels: NDArray[Any]) -> NDArray[Any]:
    """A picture of labels, H x W x 3."""
    return COLORS[labels.astype(np.int64) % 256]
