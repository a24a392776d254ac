"""Which classes are taken for which: the table as CSV and as a picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.data import opencv
from caffepy.services.sheets.words import INK, PAPER, text, width_of

Array = NDArray[Any]

NAMED = 40  # classes whose names and numbers are written
SIDE = 1000  # pixels of the squares together, about
MARGIN = 24
RIGHT, WRONG = (150, 120, 30), (60, 60, 200)  # blue, green, red


def as_csv(table: Array, names: Sequence[str]) -> str:
    """A row for each true class, a column for each answer."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["truth \\ answer", *names])
    writer.writerows([name, *map(int, row)] for name, row in zip(names, table, strict=True))
    return target.getvalue()


def as_picture(table: Array, names: Sequence[str]) -> Array:
    """H x W x 3 bytes in OpenCV's order: each row's shares, darker where they are larger; those on
    the diagonal, which are right, in another colour than the mistakes. Of more classes than there
    is room for, neighbours share a square."""
    cv2 = opencv.load()

    table = _gathered(table)
    classes = len(table)
    named = classes <= NAMED
    side = max(1, SIDE // max(classes, 8))
    shares = table / np.maximum(table.sum(1, keepdims=True), 1)
    colors = np.where(np.eye(classes, dtype=bool)[..., None], RIGHT, WRONG)
    # roots let rare mistakes be seen
    cells = PAPER + (colors - PAPER) * np.sqrt(shares)[..., None]
    squares = np.kron(cells, np.ones((side, side, 1))).round().astype(np.uint8)
    left = MARGIN + (max(map(width_of, names)) + 8 if named else 24)
    top = MARGIN + (max(map(width_of, names)) + 8 if named else 24)
    picture = np.full((top + len(squares) + MARGIN, left + len(squares) + MARGIN, 3), PAPER,
                      np.uint8)
    picture[top : top + len(squares), left : left + len(squares)] = squares
    cv2.rectangle(picture, (left - 1, top - 1), (left + len(squares), top + len(squares)), INK)
    text(picture, "answer", left, 16)
    turned = np.full((20, width_of("truth") + 8, 3), PAPER, np.uint8)
    text(turned, "truth", 2, 14)
    turned = np.rot90(turned)
    picture[top : top + len(turned), 2:22] = turned[: len(picture) - top]
    if not named:
        return picture
    for i, name in enumerate(names):
        middle = side * i + side // 2
        text(picture, name, left - 6 - width_of(name), top + middle + 4)
        turned = np.full((14, width_of(name) + 4, 3), PAPER, np.uint8)
        text(turned, name, 0, 11)
        turned = np.rot90(turned)
        picture[top - 4 - len(turned) : top - 4, left + middle - 7 : left + middle + 7] = turned
        for j, count in enumerate(table[i]):
            shown = str(int(count))
            if count and width_of(shown) < side:
                dark = i == j and shares[i, j] > 0.3
                text(picture, shown, left + side * j + (side - width_of(shown)) // 2,
                     top + middle + 4, PAPER if dark else INK)
    return picture


def _gathered(table: Array) -> Array:
    """At most SIDE rows and columns: as many neighbours as that takes are added up."""
    several = -(-len(table) // SIDE)
    starts = np.arange(0, len(table), several)
    summed: Array = np.add.reduceat(np.add.reduceat(table, starts, 0), starts, 1)
    return summed
