"""Pictures side by side, each with words below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from caffepy.data import opencv
from caffepy.services.sheets.words import INK, PAPER, shortened, text, width_of

Array = NDArray[Any]

LINE, GAP, HEAD = 15, 8, 22  # pixels


class Line(NamedTuple):
    """A line of words below a picture.

    Attributes:
        end: where it is too long, its end stays, not its beginning.
    """

    words: str
    color: tuple[int, int, int] = INK
    end: bool = False


@dataclass(frozen=True)
class Tile:
    """A picture, H x W x 3 bytes in OpenCV's order, and what stands below it."""

    picture: Array
    lines: list[Line] = field(default_factory=list)


def page(tiles: Sequence[Tile], titles: Sequence[str], cell: tuple[int, int], across: int) -> Array:
    """H x W x 3 bytes in OpenCV's order.

    Args:
        titles: lines above.
        cell: height and width of the room for a picture, which lies in its middle.
        across: so many tiles stand side by side.
    """
    tall, wide = cell
    below = max((len(tile.lines) for tile in tiles), default=0)
    height, width = tall + below * LINE + GAP, wide + GAP
    rows, columns = -(-len(tiles) // across), min(len(tiles), across)
    head = HEAD + (len(titles) - 1) * LINE
    whole = max(columns * width, *(width_of(title) + GAP for title in titles)) + GAP
    made = np.full((head + rows * height + GAP, whole, 3), PAPER, np.uint8)
    for number, title in enumerate(titles):
        text(made, title, GAP, HEAD - 4 + number * LINE)
    for i, tile in enumerate(tiles):
        top, left = head + GAP + i // across * height, GAP + i % across * width
        size = tile.picture.shape
        y, x = top + (tall - size[0]) // 2, left + (wide - size[1]) // 2
        made[y : y + size[0], x : x + size[1]] = tile.picture
        for number, line in enumerate(tile.lines):
            text(made, shortened(line.words, wide, line.end), left,
                 top + tall + 11 + number * LINE, line.color)
    return made


def fitted(picture: Array, side: int) -> Array:
    """Brought to a square's size; small ones keep hard edges, so that their pixels are seen."""
    cv2 = opencv.load()

    factor = side / max(picture.shape[:2])
    size = tuple(max(1, round(n * factor)) for n in picture.shape[1::-1])
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1
                      else cv2.INTER_NEAREST)


def as_png(picture: Array) -> bytes:
    """The bytes of a PNG file."""
    cv2 = opencv.load()

    return bytes(cv2.imencode(".png", picture)[1].tobytes())
