"""py-faster-rcnn's name for overlaps of boxes, in NumPy."""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.layers.regions.boxes import table


def bbox_overlaps(boxes: Array, query_boxes: Array) -> Array:
    """Intersection over union of (n, 4) with (k, 4), in pixels: (n, k), float64."""
    return table(boxes[:, :4], query_boxes[:, :4])
