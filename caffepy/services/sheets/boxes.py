"""Boxes on pictures: a frame each, and words on a bar over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from caffepy.data import opencv
from caffepy.services.sheets.palette import Color
from caffepy.services.sheets.words import ascii_of

Array = NDArray[Any]
DASH = 4  # times the line's width
DARK = 130  # light enough for black words


def draw(picture: Array, box: Sequence[float] | Array, words: str, color: Color,
         scale: float = 1.0, dashed: bool = False) -> None:
    """Draw a box on a picture, which is changed.

    Args:
        picture: H x W x 3 bytes in OpenCV's order.
        box: xmin, ymin, xmax, ymax in pixels; what lies outside is cut.
        words: what it is; "" for no bar.
        scale: of lines and letters.
        dashed: let the frame be so.
    """
    cv2 = opencv.load()

    rows, columns = picture.shape[:2]
    left, top, right, bottom = (round(float(v)) for v in box)
    left, right = (min(max(x, 0), columns - 1) for x in (left, right))
    top, bottom = (min(max(y, 0), rows - 1) for y in (top, bottom))
    thick = max(1, round(2 * scale))
    if dashed:
        _dashes(picture, left, top, right, bottom, color, thick)
    else:
        cv2.rectangle(picture, (left, top), (right, bottom), color, thick, cv2.LINE_AA)
    if not words:
        return
    words, size = ascii_of(words), 0.45 * scale
    (width, height), below = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    tall = height + below + 2
    over = max(top - tall, 0)  # within the box if there is no room over it
    start = max(0, min(left, columns - width - 4))
    cv2.rectangle(picture, (start, over), (start + width + 3, over + tall), color, cv2.FILLED)
    light = 0.11 * color[0] + 0.59 * color[1] + 0.3 * color[2]
    cv2.putText(picture, words, (start + 2, over + height + 1), cv2.FONT_HERSHEY_SIMPLEX, size,
                (0, 0, 0) if light > DARK else (255, 255, 255), 1, cv2.LINE_AA)


def _dashes(picture: Array, left: int, top: int, right: int, bottom: int, color: Color,
            thick: int) -> None:
    cv2 = opencv.load()

    step = DASH * thick
    apart = 2 * step + 2 * thick  # lines end in half circles
    for start in range(left, right + 1, apart):
        for y in (top, bottom):
            cv2.line(picture, (start, y), (min(start + step, right), y), color, thick)
    for start in range(top, bottom + 1, apart):
        for x in (left, right):
            cv2.line(picture, (x, start), (x, min(start + step, bottom)), color, thick)


def scale_for(picture: Array) -> float:
    """Of lines and letters that can be seen on a picture of that size."""
    return max(1.0, min(picture.shape[:2]) / 500)
