"""R-CNN's window file: pictures, and boxes in them with a class and an overlap.

    # 0                         the number of the picture
    images/000001.jpg           its path
    3 500 353                   channels, height, width (on one line or several)
    2                           how many windows follow
    12 0.85 8 11 352 498        class overlap x1 y1 x2 y2, corners included, counted from 0
    0 0.13 1 1 200 200
    # 1
    ...

A window is foreground from an overlap of fg_threshold up, and background below bg_threshold, when
its class counts as 0; in between it is not used.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from caffepy.errors import DataError, NotFound
from caffepy.proto import textfile

COLUMNS = 6  # numbers a window has
SIZE = re.compile(r"[0-9]{1,10}")
MOST = 1 << 31  # no corner and no class is greater


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a window file."""

    path: str
    channels: int
    height: int
    width: int


@dataclass(frozen=True)
class Windows:
    """W windows: which picture, class (W), corners x1 y1 x2 y2 (W x 4), number of the line."""

    picture: np.ndarray
    label: np.ndarray
    box: np.ndarray
    line: np.ndarray

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True)
class WindowFile:
    """All of a window file."""

    pictures: list[Picture]
    foreground: Windows
    background: Windows


def read_window_file(path: str, fg_threshold: float, bg_threshold: float) -> WindowFile:
    """Read a window file and part its windows by their overlap.

    Raises:
        NotFound: no such file. DataError: it breaks the format; the message names the line.
    """
    try:
        lines = textfile.read_text(path).split("\n")
    except NotFound:
        raise NotFound("there is no such window file", where=path,
                       fix=None if os.path.isabs(path) else
                       f"The path starts from {os.getcwd()}.") from None
    return _Parser(path, lines).run(np.float32(fg_threshold), np.float32(bg_threshold))


class _Parser:
    def __init__(self, path: str, lines: list[str]) -> None:
        self.path = path
        self.lines = lines
        self.at = 0  # the line to be read next

    def run(self, fg_threshold: np.float32, bg_threshold: np.float32) -> WindowFile:
        pictures: list[Picture] = []
        blocks = [np.empty((0, COLUMNS))]
        owners, numbers = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        while self._skip_blank():
            picture, count = self._header()
            first = self.at + 1
            block = self._windows(count)
            self._check(block, picture, first)
            owners.append(np.full(count, len(pictures)))
            numbers.append(np.arange(first, first + count))
            blocks.append(block)
            pictures.append(picture)
        if not pictures:
            raise DataError("the window file is empty", where=self.path)
        every, owner, line = np.concatenate(blocks), np.concatenate(owners), np.concatenate(numbers)
        overlap = every[:, 1].astype(np.float32)
        foreground = overlap >= fg_threshold
        background = ~foreground & (overlap < bg_threshold)
        self._check_classes(every, foreground, line)

        def part(chosen: np.ndarray, label: np.ndarray) -> Windows:
            box = every[chosen, 2:].astype(np.int64)
            return Windows(owner[chosen], label.astype(np.int64), box, line[chosen])

        return WindowFile(
            pictures, part(foreground, every[foreground, 0]),
            part(background, np.zeros(background.sum())),
        )

    def _skip_blank(self) -> bool:
        """Stand on the next line that is not empty; False at the end."""
        while self.at < len(self.lines) and not self.lines[self.at].strip():
            self.at += 1
        return self.at < len(self.lines)

    def _header(self) -> tuple[Picture, int]:
        hashtag = self.lines[self.at].split()
        if len(hashtag) != 2 or hashtag[0] != "#":
            self._wrong(self.at, "a picture must begin here", "# and its number")
        self.at += 1
        if not self._skip_blank():
            self._wrong(len(self.lines) - 1, "the file ends within a picture", "its path")
        path = self.lines[self.at].strip()
        self.at += 1
        sizes: list[int] = []
        while len(sizes) < 4 and self._skip_blank():
            words = self.lines[self.at].split()
            if len(sizes) + len(words) > 4 or not all(map(SIZE.fullmatch, words)):
                self._wrong(self.at, "this picture's sizes are not right",
                            "channels, height, width and the number of its windows")
            sizes += map(int, words)
            self.at += 1
        if len(sizes) < 4:
            self._wrong(len(self.lines) - 1, "the file ends within a picture",
                        "channels, height, width and the number of its windows")
        channels, height, width, count = sizes
        if channels not in (1, 3) or not height or not width:
            self._wrong(self.at - 1, "a picture has 1 or 3 channels, and a size", None,
                        f"{channels} x {height} x {width}")
        return Picture(path, channels, height, width), count

    def _windows(self, count: int) -> np.ndarray:
        """The next ``count`` lines as numbers, count x 6."""
        rows = [text.split() for text in self.lines[self.at : self.at + count]]
        for i, row in enumerate(rows):
            if len(row) != COLUMNS:
                self._wrong(self.at + i, f"this picture has {count} windows, and this is none",
                            "class overlap x1 y1 x2 y2")
        if len(rows) < count:
            self._wrong(len(self.lines) - 1, f"the file ends after {len(rows)} of {count} windows",
                        None)
        try:
            block = np.array(rows, np.float64).reshape(count, COLUMNS)
        except ValueError:
            for i, row in enumerate(rows):
                if not all(map(_is_number, row)):
                    self._wrong(self.at + i, "a window is six numbers",
                                "class overlap x1 y1 x2 y2")
            raise
        self.at += count
        return block

    def _check(self, block: np.ndarray, picture: Picture, first: int) -> None:
        """Hold classes and corners against what makes sense; ``first``: line of the block."""
        whole = block[:, [0, 2, 3, 4, 5]]
        self._first_wrong(((whole != np.floor(whole)) | (np.abs(whole) > MOST)).any(axis=1), first,
                          "class and corners of a window are whole numbers")
        x1, y1, x2, y2 = block[:, 2:].T
        self._first_wrong((x2 < x1) | (y2 < y1), first,
                          "a window's second corner lies right of and below its first")
        outside = (x1 >= picture.width) | (y1 >= picture.height) | (x2 < 0) | (y2 < 0)
        self._first_wrong(outside, first,
                          f"the window lies outside its picture of {picture.height} x "
                          f"{picture.width} (height x width)")

    def _check_classes(
        self, every: np.ndarray, foreground: np.ndarray, line: np.ndarray
    ) -> None:
        bad = np.flatnonzero(foreground & (every[:, 0] <= 0))
        if bad.size:
            self._wrong(int(line[bad[0]]) - 1, "a window over fg_threshold must have a class of 1 "
                        "or more; 0 is the background", None)

    def _first_wrong(self, wrong: np.ndarray, first: int, message: str) -> None:
        if wrong.any():
            self._wrong(first - 1 + int(wrong.argmax()), message, None)

    def _wrong(
        self, index: int, message: str, allowed: str | None, found: str | None = None
    ) -> NoReturn:
        raise DataError(message, where=f"{self.path}:{index + 1}", allowed=allowed,
                        found=found or repr(self.lines[index]))


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
