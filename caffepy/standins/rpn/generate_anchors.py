"""The boxes that a region proposal network moves and grows, around the first cell of its map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.memory import Array


def generate_anchors(base_size: int = 16, ratios: Sequence[float] = (0.5, 1, 2),
                     scales: Sequence[float] = (8, 16, 32)) -> Array:
    """For each ratio and within it each scale a box x1, y1, x2, y2, (ratios * scales, 4), float64.

    Width and height are those of a square of ``base_size`` pixels, drawn to the ratio and rounded,
    times the scale; the middle is the square's.
    """
    widths = np.round(np.sqrt(base_size * base_size / np.asarray(ratios, float)))
    heights = np.round(widths * ratios)
    sizes = np.stack([widths, heights], 1)[:, None] * np.asarray(scales, float)[:, None]
    half = 0.5 * (sizes.reshape(-1, 2) - 1)
    middle = 0.5 * (base_size - 1)
    return np.hstack([middle - half, middle + half])
