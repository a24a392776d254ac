"""Pictures side by side, each with what it is and what it was taken for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.services.report.judging import Item
from caffepy.services.report.words import PAPER, shortened, text, width_of

Array = NDArray[Any]

ACROSS = 8
SIDE = 128  # pixels that a picture gets
LINES = 3  # of words below each
LINE, GAP, HEAD = 15, 8, 22
TITLE = "what it is / what the net says, and how sure it is / which record"
MISTAKE = (40, 40, 190)


def sheet(items: Sequence[Item], names: Sequence[str]) -> Array:
    """H x W x 3 bytes in OpenCV's order; the items must have pictures."""
    rows = -(-len(items) // ACROSS)
    height, width = SIDE + LINES * LINE + GAP, SIDE + GAP
    columns = min(len(items), ACROSS)
    whole = max(columns * width, width_of(TITLE) + GAP) + GAP
    page = np.full((HEAD + rows * height + GAP, whole, 3), PAPER, np.uint8)
    text(page, TITLE, GAP, HEAD - 4)
    for i, item in enumerate(items):
        top, left = HEAD + GAP + i // ACROSS * height, GAP + i % ACROSS * width
        assert item.picture is not None
        picture = fitted(item.picture)
        y, x = top + (SIDE - picture.shape[0]) // 2, left + (SIDE - picture.shape[1]) // 2
        page[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
        below = top + SIDE + 11
        place = item.name or f"#{item.number}"
        if item.truth is None or item.answer is None:
            lines = [f"{item.right:.1%} right", "", place]
        else:
            sure = f" {item.confidence:.0%}"
            lines = [names[item.truth],
                     shortened(names[item.answer], SIDE - width_of(sure)) + sure, place]
        for line, words in enumerate(lines):
            text(page, shortened(words, SIDE, line == 2), left, below + line * LINE,
                 *([MISTAKE] if line == 1 else []))
    return page


def fitted(picture: Array) -> Array:
    """Brought to a square's size; small ones keep hard edges, so that their pixels are seen."""
    import cv2

    factor = SIDE / max(picture.shape[:2])
    size = tuple(max(1, round(n * factor)) for n in picture.shape[1::-1])
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1
                      else cv2.INTER_NEAREST)
