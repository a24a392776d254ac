"""The boxes on a picture: how they look in a part of it, and which of them still count there.

An array of float32 with a row for each: label, instance, xmin, ymin, xmax, ymax, difficult. Places
are shares of the picture's width and height. A window is such a place, too: four numbers.
"""

from __future__ import annotations

import numpy as np

from caffepy.proto import caffe_pb2

PLACE = slice(2, 6)
COLUMNS = 7
WHOLE = np.array([0, 0, 1, 1], np.float32)
NONE = np.empty((0, COLUMNS), np.float32)

CENTER = caffe_pb2.EmitConstraint.CENTER


def of_groups(groups: list[caffe_pb2.AnnotationGroup]) -> np.ndarray:
    """The boxes of a record's annotation_group, in order."""
    rows = [(group.group_label, one.instance_id, one.bbox.xmin, one.bbox.ymin, one.bbox.xmax,
             one.bbox.ymax, one.bbox.difficult) for group in groups for one in group.annotation]
    return np.array(rows, np.float32).reshape(-1, COLUMNS)


def area(places: np.ndarray) -> np.ndarray:
    """Of each, 0 for one that is turned inside out."""
    sides = places[..., 2:] - places[..., :2]
    return np.where((sides < 0).any(-1), 0, sides.prod(-1))


def shared(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The area that two places have in common; leading axes are broadcast."""
    low = np.maximum(one[..., :2], other[..., :2])
    high = np.minimum(one[..., 2:], other[..., 2:])
    return np.maximum(high - low, 0).prod(-1)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, 0 where there is no part."""
    return np.divide(part, whole, out=np.zeros_like(whole), where=part > 0)


def cut(boxes: np.ndarray, window: np.ndarray,
        emit: caffe_pb2.EmitConstraint | None = None) -> np.ndarray:
    """The boxes relative to a window and cut at its sides; those are left out of which nothing is
    in it, or less than is asked for.

    Args:
        emit: asks that the centre lies in the window (CENTER), or more than emit_overlap of the
            box's area (MIN_OVERLAP).
    """
    place = boxes[:, PLACE]
    kept = np.ones(len(boxes), bool)
    if emit is not None and emit.emit_type == CENTER:
        center = (place[:, :2] + place[:, 2:]) / 2
        kept = ((center >= window[:2]) & (center <= window[2:])).all(1)
    elif emit is not None:
        kept = ratio(shared(place, window), area(place)) > emit.emit_overlap
    boxes = boxes[kept]
    low, size = window[:2], window[2:] - window[:2]
    place = (boxes[:, PLACE].reshape(-1, 2, 2) - low) / size
    boxes[:, PLACE] = np.clip(place, 0, 1).reshape(-1, 4)
    return boxes[area(boxes[:, PLACE]) > 0]


def mirrored(boxes: np.ndarray) -> np.ndarray:
    """The boxes on the picture's mirror image."""
    boxes = boxes.copy()
    boxes[:, [2, 4]] = 1 - boxes[:, [4, 2]]
    return boxes
