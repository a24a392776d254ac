"""Boxes of a batch as the label top has them: SSD's list of all, or YOLO's table for each picture.

Boxes are rows as in augment.boxes; the label has shares of the picture's width and height.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.memory import Shape
from caffepy.data.augment.boxes import COLUMNS, PLACE
from caffepy.errors import DataError

ROW = 1 + COLUMNS  # of the list: which picture of the batch, then the box's columns
MOST = 300  # boxes of a picture in a table


def list_shape(boxes: int) -> Shape:
    """1 x 1 x boxes x 8, of one row at least."""
    return (1, 1, max(1, boxes), ROW)


def table_shape(pictures: int) -> Shape:
    """N x 1 x 300 x 5."""
    return (pictures, 1, MOST, 5)


def as_list(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Picture, class, instance, xmin, ymin, xmax, ymax, difficult; of no box at all, a row of -1.

    Args:
        pictures: the boxes of each.
    """
    counts = [len(boxes) for boxes in pictures]
    rows = np.full(list_shape(sum(counts)), -1, np.float32)
    if any(counts):
        rows[0, 0, :, 0] = np.repeat(np.arange(len(pictures)), counts)
        rows[0, 0, :, 1:] = np.concatenate(list(pictures))
    return rows


def of_table(boxes: np.ndarray, difficult: bool) -> np.ndarray:
    """The boxes of a picture that come into its table.

    Args:
        difficult: whether those that are do, too.

    Raises:
        DataError: there are more than it holds.
    """
    if not difficult:
        boxes = boxes[boxes[:, -1] == 0]
    if len(boxes) > MOST:
        raise DataError("YOLO's labels have no room for all boxes of the picture",
                        found=len(boxes), allowed=f"{MOST} or fewer")
    return boxes


def as_table(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Class counted from 0, x and y of the center, width, height; then zeros."""
    table = np.zeros(table_shape(len(pictures)), np.float32)
    for rows, boxes in zip(table[:, 0], pictures, strict=True):
        low, high = boxes[:, PLACE][:, :2], boxes[:, PLACE][:, 2:]
        rows[: len(boxes)] = np.column_stack([boxes[:, 0] - 1, (low + high) / 2, high - low])
    return table
