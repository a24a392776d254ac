"""Boxes in pixels, x1, y1, x2, y2: both ends are within, so a box of one pixel has the size 1."""

from __future__ import annotations

import numpy as np

Rows = np.ndarray


def overlaps(box: Rows, boxes: Rows) -> Rows:
    """Intersection over union of a box (4,) with each of (n, 4)."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    common = np.where((high >= low).all(axis=1), (high - low + 1).prod(axis=1), 0)
    areas = (boxes[:, 2:] - boxes[:, :2] + 1).prod(axis=1)
    return np.asarray(common / ((box[2:] - box[:2] + 1).prod() + areas - common))


def kept(boxes: Rows, threshold: float, most: int) -> list[int]:
    """The boxes that no better one covers by more than ``threshold``, at most so many.

    Args:
        boxes: (n, 4), the best first.
    """
    found: list[int] = []
    left = np.arange(len(boxes))
    while len(left) and len(found) < most:
        best, left = int(left[0]), left[1:]
        found.append(best)
        left = left[~(overlaps(boxes[best], boxes[left]) > threshold)]
    return found
