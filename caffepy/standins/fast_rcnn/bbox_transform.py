"""py-faster-rcnn's names for moving boxes (layers/regions/boxes.py)."""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Array
from caffepy.layers.regions import boxes as arithmetic


def bbox_transform(ex_rois: Array, gt_rois: Array) -> Array:
    """What moves the boxes ``ex_rois`` onto ``gt_rois``, (n, 4) both: dx, dy, dw, dh."""
    return arithmetic.deltas(ex_rois, gt_rois)


def bbox_transform_inv(boxes: Array, deltas: Array) -> Array:
    """Boxes (n, 4) moved by deltas (n, 4k): (n, 4k), in the type of the deltas."""
    n, count = deltas.shape
    each = np.repeat(boxes.astype(deltas.dtype), count // 4, axis=0)
    return arithmetic.moved(each, deltas.reshape(-1, 4)).reshape(n, count)


def clip_boxes(boxes: Array, im_shape: Array) -> Array:
    """Boxes (n, 4k) cut to a picture of ``im_shape``: height, width."""
    return arithmetic.clipped(boxes.reshape(-1, 4), *im_shape[:2]).reshape(boxes.shape)
