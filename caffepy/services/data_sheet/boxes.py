"""Boxes on pictures, each in the colour of its class, with the class's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from caffepy.services.data_sheet.naming import Names, called
from caffepy.services.sheets import boxes as frames
from caffepy.services.sheets.palette import color_of

Array = NDArray[Any]


class Box(NamedTuple):
    """A class, shares of the picture's width and height, and whether it is marked as difficult."""

    label: int
    left: float
    top: float
    right: float
    bottom: float
    difficult: bool = False


def of_rows(rows: Array) -> list[Box]:
    """Of SSD's rows of 8, or of YOLO's table (1 x) 300 x 5."""
    if rows.shape[-1] == 5:
        table = rows.reshape(-1, 5)
        return [Box(int(label) + 1, x - w / 2, y - h / 2, x + w / 2, y + h / 2)
                for label, x, y, w, h in table[table[:, 3] > 0].tolist()]
    return [Box(int(label), left, top, right, bottom, difficult > 0)
            for _, label, _, left, top, right, bottom, difficult in rows.tolist()]


def draw(picture: Array, boxes: Sequence[Box], names: Names) -> Array:
    """A copy of a picture, H x W x 3, with the boxes on it; those of difficult objects are dashed.
    """
    made = picture.copy()
    size = np.array([made.shape[1], made.shape[0]] * 2) - 1
    for box in boxes:
        frames.draw(made, np.array(box[1:5]) * size, called(box.label, names), color_of(box.label),
                    dashed=box.difficult)
    return made
