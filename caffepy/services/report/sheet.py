"""The worst pictures side by side, each with what it is and what it was taken for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.services.report.judging import Item
from caffepy.services.report.numbers import Residual
from caffepy.services.sheets.page import Line, Tile, fitted, page
from caffepy.services.sheets.palette import painted
from caffepy.services.sheets.words import shortened, width_of

ACROSS = 8
SIDE = 128  # pixels that a picture gets
TITLE = "what it is / what the net says, and how sure it is / which record"
OF_LABELS = "the picture, its labels, and what the net says / how much is right / which record"
OF_NUMBERS = "the truth / what the net says / which record"
MISTAKE = (40, 40, 190)
FIGURES = 3  # outputs that are written below a picture


def sheet(items: Sequence[Item], names: Sequence[str]) -> NDArray[Any]:
    """H x W x 3 bytes in OpenCV's order; the items must have pictures."""
    tiles = [Tile(_with_labels(item), _lines(item, names)) for item in items
             if item.picture is not None]
    if any(item.labels for item in items):
        return page(tiles, [OF_LABELS], (SIDE, 3 * SIDE), ACROSS // 3)
    return page(tiles, [TITLE], (SIDE, SIDE), ACROSS)


def sheet_of_numbers(items: Sequence[Residual]) -> NDArray[Any]:
    """The same where the truths are numbers."""
    tiles = [Tile(fitted(item.picture, SIDE), [
        Line(_figures(item.truth)), Line(_figures(item.answer), MISTAKE),
        Line(item.name or f"#{item.number}", end=True)]) for item in items
        if item.picture is not None]
    return page(tiles, [OF_NUMBERS], (SIDE, SIDE), ACROSS)


def _figures(values: NDArray[Any]) -> str:
    more = " .." if len(values) > FIGURES else ""
    return " ".join(f"{value:.4g}" for value in values[:FIGURES]) + more


def _with_labels(item: Item) -> NDArray[Any]:
    """The picture, beside it its labels and what was taken for them, in VOC's colours."""
    assert item.picture is not None
    picture = fitted(item.picture, SIDE)
    if item.labels is None:
        return picture
    beside = [fitted(painted(labels), SIDE) for labels in item.labels]
    height = min(part.shape[0] for part in (picture, *beside))
    return np.concatenate([part[:height] for part in (picture, *beside)], 1)


def _lines(item: Item, names: Sequence[str]) -> list[Line]:
    place = Line(item.name or f"#{item.number}", end=True)
    if item.truth is None or item.answer is None:
        return [Line(f"{item.right:.1%} right"), Line(""), place]
    sure = f" {item.confidence:.0%}"
    answer = shortened(names[item.answer], SIDE - width_of(sure)) + sure
    return [Line(names[item.truth]), Line(answer, MISTAKE), place]
