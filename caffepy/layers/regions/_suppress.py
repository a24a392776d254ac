"""Boxes in pixels, x1, y1, x2, y2: both ends are within, so a box of one pixel has the size 1."""

from __future__ import annotations

import numpy as np

from caffepy.layers.common._survivors import survivors

Rows = np.ndarray


def kept(boxes: Rows, threshold: float, most: int) -> list[int]:
    """The boxes that no better one covers by more than ``threshold``, at most so many.

    Args:
        boxes: (n, 4), the best first.
    """
    columns = np.vstack([boxes.T, (boxes[:, 2:] - boxes[:, :2] + 1).prod(axis=1)])[:, None]
    stay = survivors(columns, np.ones(columns.shape[1:], bool),
                     lambda box, other: overlaps(box, other) > threshold, most)
    return list(map(int, np.flatnonzero(stay)))


def overlaps(box: Rows, other: Rows) -> Rows:
    """Intersection over union of boxes, each four corners and an area along the first axis."""
    across = np.minimum(box[2], other[2])
    across -= np.maximum(box[0], other[0])
    down = np.minimum(box[3], other[3])
    down -= np.maximum(box[1], other[1])
    apart = across < 0
    apart |= down < 0
    across += 1
    across *= np.add(down, 1, out=down)
    across[apart] = 0
    covered = box[4] + other[4]
    covered -= across
    across /= covered
    return across
