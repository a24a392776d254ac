"""Folders that ``caffepy test -report`` wrote."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.board import words
from caffepy.board.shelf import Found, Shelf
from caffepy.errors import DataError

Array = NDArray[Any]

FILE = "report.json"
MOST_JSON = 64 << 20  # bytes
MOST_TABLE = 16 << 20  # bytes of a table of confusion
MOST_PICTURE = 32 << 20  # bytes
MOST_DIGITS = 18  # of a whole number; a longer one is no count
MOST_CELLS = 4_000_000
PICTURES = {  # in the order in which they are shown
    "worst.png": "The worst", "confusion.png": "Which classes are taken for which",
    "precision_recall.png": "Precision and recall", "roc.png": "ROC curves",
    "iou.png": "Intersection over union", "calibration.png": "Calibration",
    "residuals.png": "Residuals",
}
NO_NUMBERS = {"classes", "worst", "marks", "outputs", "sets"}


@dataclass(frozen=True)
class Report:
    """What a folder has.

    Attributes:
        folder: its name on the shelf.
        told: report.json.
        table: of confusion, None if there is none.
        names: of the classes.
        pictures: file and title of each.
    """

    folder: str
    told: Mapping[str, Any]
    table: Array | None
    names: list[str]
    pictures: list[tuple[str, str]]

    @property
    def detector(self) -> bool:
        return "mean_average_precision" in self.told

    @property
    def headline(self) -> str:
        """The number that counts most, in words."""
        for key, word in (("mean_average_precision", "mAP"), ("accuracy", "accuracy")):
            if isinstance(value := self.told.get(key), (int, float)):
                return f"{word} {value:.4f}"
        return ""

    def numbers(self) -> list[tuple[str, float | str]]:
        """Names and values of all that is one number; of groups with the group's name before."""
        return list(_flat(self.told))

    def mistakes(self, truth: int | None = None, answer: int | None = None
                 ) -> list[dict[str, Any]]:
        """The worst, or those of them that are of one truth and one answer."""
        return [one for one in _entries(self.told, "worst")
                if (truth is None or one.get("truth") == truth)
                and (answer is None or one.get("answer") == answer)]

    def classes(self) -> list[dict[str, Any]]:
        """The entries of the classes."""
        return _entries(self.told, "classes")


def found(shelf: Shelf) -> list[Found]:
    """The report.json files of a board."""
    return [one for one in shelf.walk() if one.path.name == FILE and one.size <= MOST_JSON]


def read(path: Path, folder: str, shelf: Shelf | None = None) -> Report:
    """The report of a folder.

    Args:
        folder: its name on the shelf.
        shelf: no link may lead out of it; None: they may.

    Raises:
        NotFound: a link leads out of the shelf. DataError: its report.json is none.
    """
    try:
        told = json.loads(_content(path / FILE, MOST_JSON, shelf), parse_int=_whole)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"the report cannot be read: {error}", where=f"{folder}/{FILE}") from error
    if not isinstance(told, dict):
        raise DataError("this is no report", where=f"{folder}/{FILE}")
    names = [str(one.get("name", one.get("label", ""))) for one in _entries(told, "classes")]
    table = _confusion(path / "confusion.csv", shelf)
    if table is not None and len(names) != len(table):
        names = [str(label) for label in range(len(table))]
    pictures = [(file, title) for file, title in PICTURES.items() if (path / file).is_file()]
    return Report(folder, told, table, names, pictures)


def in_words(value: object) -> str:
    """A number or a word of a report; a dash for none, "" for what is neither."""
    if value is None:
        return words.NONE
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return words.number(value)
    return value if isinstance(value, str) else ""


def picture(path: Path) -> bytes:
    """The bytes of a picture's file.

    Raises:
        DataError: it cannot be read, or is too large to be shown.
    """
    try:
        return _content(path, MOST_PICTURE, None)
    except OSError as error:
        raise DataError(f"it cannot be read: {error.strerror}", where=path.name) from error


def _content(path: Path, most: int, shelf: Shelf | None) -> bytes:
    """What is in a file, which is none that waits for a writer."""
    path = path if shelf is None else shelf.admit(path)
    told = path.stat()
    if not stat.S_ISREG(told.st_mode) or told.st_size > most:
        raise DataError("this is no file, or too large to be shown", where=path.name,
                        found=f"{told.st_size} bytes", allowed=f"{most} bytes")
    return path.read_bytes()


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def _entries(told: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    listed = told.get(key)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _confusion(path: Path, shelf: Shelf | None) -> Array | None:
    try:
        text = _content(path, MOST_TABLE, shelf).decode(errors="replace")
        rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
        table = np.array([[int(cell) for cell in row[1:]] for row in rows], np.int64)
    except (OSError, ValueError, OverflowError, csv.Error, DataError):
        return None
    square = table.ndim == 2 and table.shape[0] == table.shape[1] and table.size <= MOST_CELLS
    return table if square and table.size else None


def _flat(told: Mapping[str, Any], before: str = "") -> Any:
    for key, value in told.items():
        if key in NO_NUMBERS:
            continue
        name = f"{before}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key} ")
        elif isinstance(value, str) or (isinstance(value, (int, float))
                                        and not isinstance(value, bool)):
            yield name, value
