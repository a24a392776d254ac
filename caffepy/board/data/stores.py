"""The records of databases, lists and HDF5 files.

An LMDB is opened for one page or one walk and closed again: a reader that stays would keep who
appends to it from using pages anew.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from caffepy.board.data import view
from caffepy.board.data.record import Record, digest, of_value
from caffepy.board.shelf import Shelf
from caffepy.data import image
from caffepy.data.db import Reader, open_db
from caffepy.data.image_list import Line, read_list
from caffepy.errors import CaffeError, DataError
from caffepy.proto import hdf5
from caffepy.services import work

MOST_PICTURE = 64 << 20  # bytes of a picture's file
MOST_ROW = 1 << 24       # numbers of a row of an HDF5 file


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
            record.picture = image.decode(data)
        except (CaffeError, OSError, ValueError) as error:
            record.trouble = error.message if isinstance(error, CaffeError) else str(
                getattr(error, "strerror", None) or error)
        return record


class Rows(Store):
    """The rows of one HDF5 file.

    Raises:
        DataError: it cannot be read, or has no dataset.
    """

    kind = "hdf5"

    def __init__(self, path: str) -> None:
        self.path = path
        with self._open() as file:
            found = _datasets(file)
            if not found:
                raise DataError("no dataset of numbers lies in this file", where=path)
            rows = max(one.shape[0] for one in found.values())
            shapes = {name: one.shape for name, one in found.items() if one.shape[0] == rows}
        self._rows = rows
        # what HDF5Data reads by custom, or else what looks most like a picture
        self._data = "data" if "data" in shapes else max(shapes, key=lambda one: len(shapes[one]))
        rest = [name for name in shapes if name != self._data and np.prod(shapes[name][1:]) == 1]
        self._label = "label" if "label" in rest else rest[0] if rest else ""

    @contextmanager
    def _open(self) -> Iterator[Any]:
        import h5py

        try:
            with h5py.File(self.path, "r", locking=False) as file:
                yield file
        except OSError as error:
            raise DataError(f"the HDF5 file cannot be read: {error}", where=self.path) from error

    def files(self) -> list[str]:
        return [self.path]

    def count(self) -> int | None:
        return self._rows

    def walk(self) -> Iterator[Record]:
        return self.take(range(self._rows))

    def take(self, numbers: Sequence[int]) -> Iterator[Record]:
        with self._open() as file:
            data = file[self._data]
            labels = file[self._label] if self._label else None
            if np.prod(data.shape[1:]) > MOST_ROW:
                raise DataError("the rows are too large to be shown", where=self.path,
                                found=data.shape[1:])
            for number in numbers:
                if number < len(data):
                    row = np.asarray(data[number], np.float32)
                    record = Record(number, f"row {number}", row, digest=digest(row.tobytes()))
                    if labels is not None:
                        value = float(np.asarray(labels[number]).reshape(-1)[0])
                        record.labels = [int(value)] if np.isfinite(value) else []
                    yield record


def _datasets(file: Any) -> dict[str, Any]:
    """Those of numbers with rows, by name, whose numbers lie in this file itself."""
    import h5py

    own = {name: file[name] for name in file
           if isinstance(file.get(name, getlink=True), h5py.HardLink)}
    return {name: one for name, one in own.items() if isinstance(one, h5py.Dataset)
            and one.dtype.kind in "biuf" and one.ndim and one.shape[0] and _here(one)}


def _here(dataset: Any) -> bool:
    """Whether its numbers lie in the file itself."""
    try:
        hdf5.check_dataset(dataset, dataset.file.filename)
    except DataError:
        return False
    return True


def first_shape(path: str) -> tuple[int, ...]:
    """C x H x W of the first record of a LevelDB; () if it has none."""
    for record in Database(path, "leveldb").take([0]):
        return record.picture.shape if record.picture is not None else ()
    return ()


def rows_of_file(path: Path) -> Rows | None:
    """The rows of an HDF5 file; None if it has none."""
    try:
        return Rows(str(path))
    except DataError:
        return None
