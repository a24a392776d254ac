"""The worst pictures side by side, each with what it is and what it was taken for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from caffepy.services.report.judging import Item
from caffepy.services.sheets.page import Line, Tile, fitted, page
from caffepy.services.sheets.words import shortened, width_of

ACROSS = 8
SIDE = 128  # pixels that a picture gets
TITLE = "what it is / what the net says, and how sure it is / which record"
MISTAKE = (40, 40, 190)


def sheet(items: Sequence[Item], names: Sequence[str]) -> NDArray[Any]:
    """H x W x 3 bytes in OpenCV's order; the items must have pictures."""
    tiles = [Tile(fitted(item.picture, SIDE), _lines(item, names)) for item in items
             if item.picture is not None]
    return page(tiles, [TITLE], (SIDE, SIDE), ACROSS)


def _lines(item: Item, names: Sequence[str]) -> list[Line]:
    place = Line(item.name or f"#{item.number}", end=True)
    if item.truth is None or item.answer is None:
        return [Line(f"{item.right:.1%} right"), Line(""), place]
    sure = f" {item.confidence:.0%}"
    answer = shortened(names[item.answer], SIDE - width_of(sure)) + sure
    return [Line(names[item.truth]), Line(answer, MISTAKE), place]
