"""The records of databases and lists.

An LMDB is opened for one page or one walk and closed again: a reader that stays would keep who
appends to it from using pages anew.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from caffepy.board.data import view
from caffepy.board.data.record import MOST_PIXELS, Record, digest, of_value
from caffepy.board.shelf import Shelf
from caffepy.data import image
from caffepy.data.db import Reader, open_db
from caffepy.data.image_list import Line, read_list
from caffepy.data.picture_size import refuse_giant
from caffepy.errors import CaffeError, DataError
from caffepy.services import work

MOST_PICTURE = 64 << 20  # bytes of a picture's file


class Store(ABC):
    """Records by number, from 0."""

    kind = ""

    @abstractmethod
    def count(self) -> int | None:
        """How many there are; None where only a walk would tell."""

    @abstractmethod
    def walk(self) -> Iterator[Record]:
        """All, in order."""

    @abstractmethod
    def take(self, numbers: Sequence[int]) -> Iterator[Record]:
        """Those of these numbers, which rise. Numbers beyond the end are left out."""

    def files(self) -> list[str]:
        """The files that change when the records do."""
        return []


class Database(Store):
    """An LMDB or a LevelDB."""

    def __init__(self, path: str, kind: str) -> None:
        self.path, self.kind = path, kind

    def files(self) -> list[str]:
        return [os.path.join(self.path, "data.mdb" if self.kind == "lmdb" else "CURRENT")]

    @contextmanager
    def _open(self) -> Iterator[Reader]:
        if self.kind == "leveldb":
            with view.opened(self.path) as reader:
                yield reader
            return
        with work.quiet():
            reader = open_db(self.path, "lmdb")
        with reader:
            yield reader

    def count(self) -> int | None:
        with self._open() as reader:
            return reader.entries

    def walk(self) -> Iterator[Record]:
        with self._open() as reader:
            for number, (key, value) in enumerate(reader):
                yield of_value(number, key, value)

    def take(self, numbers: Sequence[int]) -> Iterator[Record]:
        with self._open() as reader:
            at = 0
            for number in numbers:
                at += reader.skip(number - at)
                if not reader.valid:
                    return
                yield of_value(number, bytes(reader.key), bytes(reader.value))


class PictureList(Store):
    """A list of pictures, ``path label`` a line, as ImageData reads it.

    Args:
        shelf: pictures outside of its folders are not read.
        root: the folder that the paths start from; "" for the current one.
    """

    kind = "list"

    def __init__(self, path: str, shelf: Shelf, root: str) -> None:
        self.path, self._shelf, self._root = path, shelf, root
        with work.quiet():
            self._lines = read_list(path)

    def files(self) -> list[str]:
        return [self.path]

    def count(self) -> int | None:
        return len(self._lines)

    def walk(self) -> Iterator[Record]:
        return self.take(range(len(self._lines)))

    def take(self, numbers: Sequence[int]) -> Iterator[Record]:
        for number in numbers:
            if number < len(self._lines):
                yield self._read(number, self._lines[number])

    def _read(self, number: int, line: Line) -> Record:
        record = Record(number, line.path, labels=[line.label], encoded=True)
        try:
            path = self._shelf.admit(os.path.join(self._root, line.path))
            if path.stat().st_size > MOST_PICTURE:
                raise DataError("the file is too large for a picture")
            data = path.read_bytes()
            record.digest = digest(data)
            refuse_giant(data, MOST_PIXELS)
            record.picture = image.decode(data)
        except (CaffeError, OSError, ValueError) as error:
            record.trouble = error.message if isinstance(error, CaffeError) else str(
                getattr(error, "strerror", None) or error)
        return record


def first_shape(path: str) -> tuple[int, ...]:
    """C x H x W of the first record of a LevelDB; () if it has none."""
    for record in Database(path, "leveldb").take([0]):
        return record.picture.shape if record.picture is not None else ()
    return ()
