"""A chart on a picture: a frame with numbers along it, and lines, dots, bars and words in it.

By OpenCV, since a report needs no library for plots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.data import opencv
from caffepy.services.sheets.palette import Color
from caffepy.services.sheets.words import INK, PAPER, shortened, text, width_of

Array = NDArray[Any]
Range = tuple[float, float]

SIDE = 560  # pixels of a frame
LEFT, TOP, BELOW, RIGHT = 56, 34, 46, 24  # around it
LINE = 18
GRID = (221, 221, 221)
FINE = 4  # bits of OpenCV's parts of pixels
TICKS = 6
NAMES = 260  # pixels for a list of names beside the frame


class Chart:
    """One frame.

    Args:
        x, y: what the frame reaches from and to.
        size: of the frame in pixels, across and down.
        names: leave room beside it for a list of names.

    Attributes:
        page: H x W x 3 bytes in OpenCV's order.
    """

    def __init__(self, title: str, x: Range = (0, 1), y: Range = (0, 1),
                 words: tuple[str, str] = ("", ""), size: tuple[int, int] = (SIDE, SIDE),
                 names: bool = False) -> None:
        self.x, self.y = _wide(x), _wide(y)
        self.width, self.height = size
        beside = NAMES if names else RIGHT
        self.page = np.full((TOP + self.height + BELOW, LEFT + self.width + beside, 3), PAPER,
                            np.uint8)
        self._listed = 0
        text(self.page, shortened(title, self.page.shape[1] - LEFT), LEFT, TOP - 14)
        self._grid(words)

    def _grid(self, words: tuple[str, str]) -> None:
        cv2 = opencv.load()

        right, under = LEFT + self.width, TOP + self.height
        for value in ticks(*self.x):
            at = round(self._across(value))
            cv2.line(self.page, (at, TOP), (at, under), GRID, 1)
            said = f"{value:g}"
            text(self.page, said, at - width_of(said) // 2, under + 16)
        for value in ticks(*self.y):
            at = round(self._down(value))
            cv2.line(self.page, (LEFT, at), (right, at), GRID, 1)
            said = f"{value:g}"
            text(self.page, said, LEFT - 8 - width_of(said), at + 4)
        text(self.page, words[0], LEFT + (self.width - width_of(words[0])) // 2, under + 36)
        turned = np.full((20, width_of(words[1]) + 8, 3), PAPER, np.uint8)
        text(turned, words[1], 2, 14)
        turned = np.rot90(turned)
        middle = max(0, TOP + (self.height - len(turned)) // 2)
        self.page[middle : middle + len(turned), 2:22] = turned[: len(self.page) - middle]

    def _across(self, x: Any) -> Any:
        return LEFT + (x - self.x[0]) / (self.x[1] - self.x[0]) * self.width

    def _down(self, y: Any) -> Any:
        return TOP + self.height - (y - self.y[0]) / (self.y[1] - self.y[0]) * self.height

    def _points(self, x: Any, y: Any) -> Array:
        places = np.stack([self._across(np.asarray(x, float)), self._down(np.asarray(y, float))], 1)
        return (places * (1 << FINE)).round().astype(np.int32)

    def line(self, x: Sequence[float] | Array, y: Sequence[float] | Array, color: Color,
             thick: int = 2) -> None:
        """Points joined by straight lines."""
        cv2 = opencv.load()

        if len(x):
            cv2.polylines(self.page, [self._points(x, y).reshape(-1, 1, 2)], False, color, thick,
                          cv2.LINE_AA, FINE)

    def dots(self, x: Array, y: Array, color: Color, radius: float = 1.5) -> None:
        """A dot at each point."""
        cv2 = opencv.load()

        for place in self._points(x, y).tolist():
            cv2.circle(self.page, place, int(radius * (1 << FINE)), color, cv2.FILLED, cv2.LINE_AA,
                       FINE)

    def bars(self, edges: Array, heights: Array, color: Color) -> None:
        """Bars from 0 up, bar i from edge i to the next; what is no number is left out."""
        cv2 = opencv.load()

        for low, high, value in zip(edges[:-1], edges[1:], heights, strict=True):
            if value > 0:
                left, right = round(self._across(low)) + 1, round(self._across(high)) - 1
                cv2.rectangle(self.page, (left, round(self._down(value))),
                              (max(left, right), TOP + self.height - 1), color, cv2.FILLED)

    def name(self, words: str, color: Color) -> None:
        """The next line of the list beside the frame, or in it where there is no list."""
        cv2 = opencv.load()

        left = LEFT + self.width + 14
        if self.page.shape[1] - left < NAMES // 2:
            left = LEFT + 12
        y = TOP + 10 + self._listed * LINE
        self._listed += 1
        cv2.line(self.page, (left, y - 4), (left + 20, y - 4), color, 3)
        text(self.page, shortened(words, self.page.shape[1] - left - 34), left + 28, y, INK)

    @property
    def room(self) -> int:
        """How many lines the list has room for."""
        return (self.height + BELOW) // LINE - 2


def names_of(chart: Chart, entries: Sequence[tuple[str, Color]]) -> None:
    """List as many as there is room for, and how many more there are."""
    for words, color in entries[: chart.room]:
        chart.name(words, color)
    if len(entries) > chart.room:
        chart.name(f"and {len(entries) - chart.room} more", PAPER)


def ticks(low: float, high: float, about: int = TICKS) -> list[float]:
    """Round numbers between two: multiples of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / max(about - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(step for times in (1, 2, 5, 10) if (step := times * power) >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)]


def _wide(reach: Range) -> Range:
    """With some room if both ends are one, and within what can be drawn."""
    low, high = (float(np.nan_to_num(end, nan=0.0)) for end in reach)
    if high - low > 1e-12 * max(abs(low), abs(high), 1e-300):
        return low, high
    margin = abs(low) / 2 or 0.5
    return low - margin, high + margin
