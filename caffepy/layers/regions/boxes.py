"""Faster R-CNN's boxes: x1, y1, x2, y2 in pixels, and both ends are within, so that a box of one
pixel has the size 1. The arithmetic is all detectors' (detection/_boxes.py), of boxes that reach to
where their last pixel ends.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Array
from caffepy.layers.detection import _boxes


def table(boxes: Array, others: Array) -> Array:
    """Intersection over union of each of (n, 4) with each of (k, 4): (n, k), float64."""
    one, other = (_reach(b.astype(np.float64)) for b in (boxes, others))
    return _boxes.overlaps(one[:, None], other)


def kept(boxes: Array, threshold: float, most: int = -1) -> list[int]:
    """The boxes that no better one covers by more than ``threshold``.

    Args:
        boxes: (n, 4), the best first.
        most: how many at most; below 0 there is no limit.
    """
    return _boxes.suppress(_reach(boxes), threshold, most=most)


def deltas(boxes: Array, wanted: Array) -> Array:
    """By which part of its size each box is to move, and by the log of what it is to grow, so as to
    have the middle and the size of the one wanted: dx, dy, dw, dh, (n, 4)."""
    return _boxes.encode(_reach(wanted), _reach(boxes), None, _boxes.CENTER_SIZE)


def moved(boxes: Array, deltas: Array) -> Array:
    """Boxes moved and grown by deltas. Their right and lower ends are where the last pixel ends: a
    box that does not move comes back larger by one, as from R-CNN's own code."""
    return _boxes.decode(deltas, _reach(boxes), None, _boxes.CENTER_SIZE)


def clipped(boxes: Array, height: float, width: float) -> Array:
    """Boxes (n, 4) cut to a picture."""
    ends = np.array([width - 1, height - 1] * 2, boxes.dtype)
    return np.maximum(np.minimum(boxes, ends), 0)


def _reach(boxes: Array) -> Array:
    return boxes + np.array([0, 0, 1, 1], boxes.dtype)
