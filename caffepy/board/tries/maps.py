"""Feature maps as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.board.net.weights import grid, square

Array = NDArray[Any]

MOST = 256  # maps of a layer
LONG = 8    # times as long as wide a matrix is drawn as it is


def picture(values: Array) -> Array:
    """H x W bytes: the maps of a C x H x W blob side by side; of other shapes the numbers as a
    picture about as wide as high. Black is the least number, white the largest."""
    values = np.asarray(values, np.float32)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    scaled = np.nan_to_num((values - low) * (255 / ((high - low) or 1)))
    bytes_ = scaled.round().clip(0, 255).astype(np.uint8)
    if bytes_.ndim == 3 and bytes_.shape[1] * bytes_.shape[2] > 1:
        return grid(bytes_[:MOST])
    if bytes_.ndim == 2 and 1 < max(bytes_.shape) <= LONG * min(bytes_.shape):
        return bytes_
    flat = bytes_.reshape(-1)
    across = square(flat.size) if flat.size > 64 else max(1, flat.size)
    down = -(-flat.size // across)
    return np.pad(flat, (0, across * down - flat.size), constant_values=128).reshape(down, across)
