"""Boxes on pictures, each in the colour of its class, with the class's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from caffepy.services.data_sheet.naming import Names, called
from caffepy.services.data_sheet.palette import color_of
from caffepy.services.sheets.words import PAPER, shortened, text, width_of

Array = NDArray[Any]

HIGH = 12  # pixels of a name
DASH = 4


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
    import cv2

    made = picture.copy()
    height, width = made.shape[:2]
    for box in boxes:
        color = color_of(box.label)
        left, right = (round(x * (width - 1)) for x in (box.left, box.right))
        top, bottom = (round(y * (height - 1)) for y in (box.top, box.bottom))
        if box.difficult:
            _dashed(made, left, top, right, bottom, color)
        else:
            cv2.rectangle(made, (left, top), (right, bottom), color, 2)
    for box in boxes:
        left, top = round(box.left * (width - 1)), round(box.top * (height - 1))
        _name(made, called(box.label, names), max(0, left), max(0, top), color_of(box.label))
    return made


def _name(picture: Array, words: str, left: int, top: int, color: tuple[int, int, int]) -> None:
    """On its colour, above its box or, if there is no room, in its corner."""
    height, width = picture.shape[:2]
    top = top - HIGH if top >= HIGH else top
    words = shortened(words, width - left - 3)
    if top + HIGH > height or not words.strip("."):
        return
    picture[top : top + HIGH, left : left + width_of(words) + 3] = color
    light = sum(color) > 3 * 150
    text(picture, words, left + 1, top + HIGH - 3, (0, 0, 0) if light else PAPER)


def _dashed(picture: Array, left: int, top: int, right: int, bottom: int,
            color: tuple[int, int, int]) -> None:
    height, width = picture.shape[:2]
    across, down = np.arange(left, right + 1), np.arange(top, bottom + 1)
    across = across[((across - left) // DASH % 2 == 0) & (across >= 0) & (across < width)]
    down = down[((down - top) // DASH % 2 == 0) & (down >= 0) & (down < height)]
    for row in (top, top + 1, bottom - 1, bottom):
        if 0 <= row < height:
            picture[row, across] = color
    for column in (left, left + 1, right - 1, right):
        if 0 <= column < width:
            picture[down, column] = color
