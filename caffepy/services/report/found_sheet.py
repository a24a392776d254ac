"""Pictures with the most mistakes side by side, boxes drawn: true ones and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.services import boxes_drawn
from caffepy.services.report.detections import Mistaken
from caffepy.services.report.words import PAPER, shortened, text, width_of

Array = NDArray[Any]

ACROSS = 4
SIDE = 300
NAME = 90  # pixels of a class's name
LINE, GAP, HEAD = 16, 8, 24
TRUE, RIGHT, WRONG = (200, 200, 200), (60, 170, 40), (60, 60, 220)  # blue, green, red
MISSED = (0, 190, 255)
TITLE = "white: found; yellow: missed; green: right; red: wrong"


def sheet(items: Sequence[Mistaken], names: Mapping[int, str]) -> Array:
    """H x W x 3 bytes in OpenCV's order; the items must have pictures."""
    across = min(len(items), ACROSS)
    rows = -(-len(items) // across)
    tall = SIDE + LINE + GAP
    whole = max(across * (SIDE + GAP), width_of(TITLE) + GAP) + GAP
    page = np.full((HEAD + rows * tall + GAP, whole, 3), PAPER, np.uint8)
    text(page, TITLE, GAP, HEAD - 6)
    for i, item in enumerate(items):
        top, left = HEAD + i // across * tall, GAP + i % across * (SIDE + GAP)
        picture = drawn(item, names)
        y, x = top + (SIDE - picture.shape[0]) // 2, left + (SIDE - picture.shape[1]) // 2
        page[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
        words = f"{item.missed} missed, {item.wrong} wrong  {item.name or f'#{item.number}'}"
        text(page, shortened(words, SIDE), left, top + SIDE + 12)
    return page


def drawn(item: Mistaken, names: Mapping[int, str]) -> Array:
    """One of them, at most ``SIDE`` wide and high."""
    import cv2

    assert item.picture is not None
    factor = SIDE / max(item.picture.shape[:2])
    columns, rows = (max(1, round(n * factor)) for n in item.picture.shape[1::-1])
    picture = cv2.resize(item.picture, (columns, rows),
                         interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    size = np.array([columns, rows, columns, rows])
    for label, *box, found in item.boxes:
        boxes_drawn.draw(picture, np.array(box) * size, "" if found else _short(names, label),
                         TRUE if found else MISSED)
    for label, score, *box, right in item.found:
        boxes_drawn.draw(picture, np.array(box) * size, f"{_short(names, label)} {score:.2f}",
                         RIGHT if right else WRONG)
    return picture


def _short(names: Mapping[int, str], label: float) -> str:
    return shortened(names.get(int(label), str(int(label))), NAME)
