"""The rows of HDF5 files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from caffepy.board.data.record import Record, digest
from caffepy.board.data.stores import Store
from caffepy.errors import DataError
from caffepy.proto import hdf5

MOST_ROW = 1 << 24  # numbers of a row
MOST_CHUNK = 1 << 28  # bytes of a packed piece, which is unpacked whole for any row in it


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
            if np.prod(data.shape[1:]) > MOST_ROW or any(
                    _piece(one) > MOST_CHUNK for one in (data, labels) if one is not None):
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


def _piece(dataset: Any) -> int:
    """Bytes that are read at once; 0 where each row can be read by itself."""
    return int(np.prod(dataset.chunks, dtype=np.int64)) * dataset.dtype.itemsize if (
        dataset.chunks) else 0


def _here(dataset: Any) -> bool:
    """Whether its numbers lie in the file itself."""
    try:
        hdf5.check_dataset(dataset, dataset.file.filename)
    except DataError:
        return False
    return True
