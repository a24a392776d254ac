"""Pictures with the most mistakes side by side, boxes drawn: true ones and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.services.report.detections import Mistaken
from caffepy.services.sheets import boxes
from caffepy.services.sheets.page import Line, Tile, fitted, page
from caffepy.services.sheets.words import shortened

Array = NDArray[Any]

ACROSS = 4
SIDE = 300
NAME = 90  # pixels of a class's name
TRUE, RIGHT, WRONG = (200, 200, 200), (60, 170, 40), (60, 60, 220)  # blue, green, red
MISSED = (0, 190, 255)
TITLE = "white: found; yellow: missed; green: right; red: wrong"


def sheet(items: Sequence[Mistaken], names: Mapping[int, str]) -> Array:
    """H x W x 3 bytes in OpenCV's order; the items must have pictures."""
    tiles = [Tile(drawn(item, names), [
        Line(f"{item.missed} missed, {item.wrong} wrong  {item.name or f'#{item.number}'}")])
        for item in items]
    return page(tiles, [TITLE], (SIDE, SIDE), ACROSS)


def drawn(item: Mistaken, names: Mapping[int, str]) -> Array:
    """One of them, at most ``SIDE`` wide and high."""
    assert item.picture is not None
    picture = fitted(item.picture, SIDE)
    size = np.array([picture.shape[1], picture.shape[0]] * 2)
    for label, *box, found in item.boxes:
        boxes.draw(picture, np.array(box) * size, "" if found else _short(names, label),
                   TRUE if found else MISSED)
    for label, score, *box, right in item.found:
        boxes.draw(picture, np.array(box) * size, f"{_short(names, label)} {score:.2f}",
                   RIGHT if right else WRONG)
    return picture


def _short(names: Mapping[int, str], label: float) -> str:
    return shortened(names.get(int(label), str(int(label))), NAME)
