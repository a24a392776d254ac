"""Precision and recall as curves, one for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.services.sheets.boxes import Color, color_of
from caffepy.services.sheets.words import INK, PAPER, shortened, text, width_of

Array = NDArray[Any]

SIDE = 560  # pixels of the square that curves lie in
LEFT, TOP, BELOW = 56, 34, 46
BESIDE = 260  # for the names
LINE = 18
NAMED = (SIDE + BELOW) // LINE - 2  # classes that have room there
GRID = (221, 221, 221)
FINE = 4  # bits of OpenCV's parts of pixels


@dataclass
class Curve:
    """A class's precision at its recalls, and what comes of it."""

    name: str
    score: float
    precision: Array
    recall: Array


def picture(curves: Sequence[Curve], title: str) -> Array:
    """H x W x 3 bytes in OpenCV's order. The best classes come first in the list of names."""
    import cv2

    page = np.full((TOP + SIDE + BELOW, LEFT + SIDE + BESIDE, 3), PAPER, np.uint8)
    text(page, title, LEFT, TOP - 14)
    for tenth in range(0, 11, 2):
        x, y = LEFT + SIDE * tenth // 10, TOP + SIDE - SIDE * tenth // 10
        cv2.line(page, (x, TOP), (x, TOP + SIDE), GRID, 1)
        cv2.line(page, (LEFT, y), (LEFT + SIDE, y), GRID, 1)
        words = f"{tenth / 10:g}"
        text(page, words, x - width_of(words) // 2, TOP + SIDE + 16)
        text(page, words, LEFT - 8 - width_of(words), y + 4)
    text(page, "recall", LEFT + (SIDE - width_of("recall")) // 2, TOP + SIDE + 36)
    turned = np.full((20, width_of("precision") + 8, 3), PAPER, np.uint8)
    text(turned, "precision", 2, 14)
    turned = np.rot90(turned)
    middle = TOP + (SIDE - len(turned)) // 2
    page[middle : middle + len(turned), 4:24] = turned
    order = sorted(range(len(curves)), key=lambda i: -curves[i].score)
    for i in reversed(order):  # the best lie above the others
        _line(page, curves[i], color_of(i))
    for place, i in enumerate(order[:NAMED]):
        y = TOP + 10 + place * LINE
        cv2.line(page, (LEFT + SIDE + 14, y - 4), (LEFT + SIDE + 34, y - 4), color_of(i), 3)
        words = shortened(curves[i].name, BESIDE - 100)
        text(page, f"{curves[i].score:.3f}  {words}", LEFT + SIDE + 42, y, INK)
    if len(order) > NAMED:
        text(page, f"and {len(order) - NAMED} more", LEFT + SIDE + 42, TOP + 10 + NAMED * LINE)
    return page


def _line(page: Array, curve: Curve, color: Color) -> None:
    import cv2

    if not len(curve.recall):
        return
    # from the left edge, at the precision that the first detection has
    x = np.concatenate([[0.0], curve.recall]) * SIDE + LEFT
    y = TOP + SIDE - np.concatenate([curve.precision[:1], curve.precision]) * SIDE
    points = (np.stack([x, y], 1) * (1 << FINE)).round().astype(np.int32)
    cv2.polylines(page, [points.reshape(-1, 1, 2)], False, color, 2, cv2.LINE_AA, FINE)
