"""Where a net looks: Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional
Networks", section 4.2 and figure 7.

A gray square is moved over the picture, and the score of a class is drawn at the place of its
middle: where it falls, what the square hid is what the net went by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

PLACES = 12   # of the square, across and down
SHARE = 0.25  # of the picture's sides that the square covers


@dataclass(frozen=True)
class Occlusion:
    """The result.

    Attributes:
        before: the score of the whole picture.
        scores: of the picture with each place hidden, rows x columns.
        square: height and width of what is hidden, in pixels of the input.
    """

    before: float
    scores: Array
    square: tuple[int, int]

    @property
    def falls(self) -> Array:
        """How much the score falls at each place, 0 where it rises."""
        return np.maximum(self.before - self.scores, 0)

    @property
    def lowest(self) -> float:
        return float(self.scores.min())


def occlusion(score: Callable[[Array], float], values: Array, places: int = PLACES,
              share: float = SHARE) -> Occlusion:
    """Hide one place after the other.

    Args:
        score: of an input, C x H x W.
        values: the input. What hides has the mean of each channel.
        places: of the square's middle, across and down, from edge to edge.
        share: of the input's sides.
    """
    _, rows, columns = values.shape
    tall, wide = max(1, round(rows * share)), max(1, round(columns * share))
    gray = values.mean((1, 2), keepdims=True)
    scores = np.zeros((places, places))
    for i, y in enumerate(_middles(rows, places)):
        for j, x in enumerate(_middles(columns, places)):
            hidden = values.copy()
            top, left = max(0, y - tall // 2), max(0, x - wide // 2)
            bottom, right = max(1, y - tall // 2 + tall), max(1, x - wide // 2 + wide)
            hidden[:, top:bottom, left:right] = gray
            scores[i, j] = score(hidden)
    return Occlusion(score(values), scores, (tall, wide))


def _middles(length: int, places: int) -> list[int]:
    return [round((k + 0.5) * length / places) for k in range(places)]


def heat(falls: Array, height: int, width: int) -> Array:
    """The map over a picture of that size: height x width x 4 bytes, blue, green, red and opacity.
    Where the score falls most it is red and dense, where it does not fall nothing is seen."""
    import cv2

    top = float(falls.max()) or 1.0
    share = cv2.resize((falls / top).astype(np.float32), (width, height),
                       interpolation=cv2.INTER_CUBIC).clip(0, 1)
    made = np.zeros((height, width, 4), np.uint8)
    made[..., 2] = 255
    made[..., 1] = (220 * (1 - share)).astype(np.uint8)
    made[..., 3] = (200 * share).astype(np.uint8)
    return made
