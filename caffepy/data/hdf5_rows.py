"""Rows of datasets in HDF5 files, as records: a file's rows stay together.

Files may have different numbers of rows, and one may be larger than the memory. So an order of the
rows is one of the files and, within each, one of its rows.
"""

from __future__ import annotations

import math
import os
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import h5py
import numpy as np

from caffepy import log
from caffepy.core.memory import Array, Shape
from caffepy.data.course import Share
from caffepy.data.records import Records, Room
from caffepy.data.recycle import Batch
from caffepy.errors import CaffeError, DataError, NotFound, ShapeError, did_you_mean, shown
from caffepy.proto import hdf5, textfile

logger = log.get(__name__)

Order = Callable[[str, int, int], Array]  # of what, in which round, of how many
Key = tuple[int, int]  # round, file
WHOLE = 1 << 28  # bytes: smaller files are read whole; of larger ones the rows that are needed


class Rows(Records):
    """The rows of all files that a list names.

    Args:
        source: the list, one file a line.
        names: of the datasets; they become the tops, in this order.
        dtype: what numbers are wanted as; small files are kept so.
        order: permutations of files (``"files"``, round, count) and of the rows of file i
            (``"rows/i"``, round, count); None leaves both as they lie.

    Raises:
        NotFound, DataError, ShapeError: the list, a file, or datasets that do not fit.
    """

    count: int

    def __init__(
        self, source: str, names: Sequence[str], dtype: np.dtype[Any], order: Order | None = None
    ) -> None:
        self._source, self._names, self._dtype, self._order = source, list(names), dtype, order
        self._open: tuple[str, h5py.File] | None = None  # the file that rows are read from
        # which file of which round, the order of its rows, its numbers if they are read whole
        self._rows: tuple[Key, Array | None, dict[str, Array] | None] | None = None
        self._files = _list_files(source)
        logger.info("Number of HDF5 files: %d", len(self._files))
        self._shapes: list[Shape] = []  # of one row
        self._tops: list[Shape] = []  # of a batch
        self._lengths = [self._measure(path) for path in self._files]
        self._close_file()
        self.count = sum(self._lengths)
        if not self.count:
            raise DataError("the HDF5 files have no rows", found=", ".join(self._files))

    def begin(self, share: Share) -> list[Shape]:
        self._tops = [(len(share), *shape) for shape in self._shapes]
        return self._tops

    def batch(self, share: Share, room: Room) -> Batch:
        batch = room(self._tops)
        targets = (batch.data, *batch.rest)
        places, step, done = share.places, share.places.step, 0
        while done < len(places):
            key, start, length = self._locate(places[done])
            count = min(len(places) - done, -(-(length - start) // step))
            rows = self._take(key, np.arange(start, start + count * step, step)[:count])
            for name, target in zip(self._names, targets, strict=True):
                target[done : done + count] = rows[name].reshape(count, *target.shape[1:])
            done += count
        return batch

    def close(self) -> None:
        """Close the file that is open, and forget what was read."""
        self._close_file()
        self._rows = None

    # -- where a row is -------------------------------------------------------------------

    def _locate(self, row: int) -> tuple[Key, int, int]:
        """((round, file), place in the file's order, rows of the file) for a row's number."""
        turn, row = divmod(row, self.count)
        files = self._permutation("files", turn, len(self._files))
        ends = list(accumulate(self._lengths[i] for i in files))
        which = bisect_right(ends, row)
        length = self._lengths[files[which]]
        return (turn, int(files[which])), row - ends[which] + length, length

    def _permutation(self, what: str, turn: int, count: int) -> Array:
        return self._order(what, turn, count) if self._order else np.arange(count)

    def _take(self, key: Key, places: Array) -> dict[str, Array]:
        """The rows at these (increasing) places of a file's order."""
        if self._rows is None or self._rows[0] != key:
            self._rows = (key, *self._start_file(key))
        _, order, whole = self._rows
        wanted = places if order is None else order[places]
        if whole is not None:
            return {name: whole[name][wanted] for name in self._names}
        file = self._file(self._files[key[1]])
        if order is None:
            step = int(places[1] - places[0]) if len(places) > 1 else 1
            part = slice(int(places[0]), int(places[-1]) + 1, step)
            return {name: file[name][part] for name in self._names}
        ranks = np.argsort(wanted)  # HDF5 reads rows in increasing order only
        back = np.argsort(ranks)
        return {name: file[name][wanted[ranks]][back] for name in self._names}

    def _start_file(self, key: Key) -> tuple[Array | None, dict[str, Array] | None]:
        """The order of a file's rows (None: as they lie), and its numbers if it is small."""
        turn, index = key
        order = (self._permutation(f"rows/{index}", turn, self._lengths[index])
                 if self._order else None)
        if self._rows and self._rows[0][1] == index and self._rows[2] is not None:
            return order, self._rows[2]  # the only file, or by chance the same again
        file = self._file(self._files[index])
        size = sum(math.prod(file[name].shape) for name in self._names) * self._dtype.itemsize
        if size > WHOLE:
            return order, None
        whole = {name: file[name].astype(self._dtype)[()] for name in self._names}
        self._close_file()
        return order, whole

    # -- files ----------------------------------------------------------------------------

    def _file(self, path: str) -> h5py.File:
        if self._open is None or self._open[0] != path:
            self._close_file()
            try:
                self._open = path, h5py.File(path, "r")
            except OSError as error:
                if not os.path.exists(path):
                    raise NotFound(
                        f"File not found: {path}",
                        fix=f"{self._source} lists it; names count from the folder in which "
                            "caffepy was started.") from None
                raise DataError(f"{path} cannot be read as HDF5: {error}") from error
        assert self._open is not None
        return self._open[1]

    def _close_file(self) -> None:
        if self._open:
            self._open[1].close()
        self._open = None

    def _measure(self, path: str) -> int:
        """The number of rows of a file, after a look at its datasets."""
        file = self._file(path)
        try:
            shapes = [_shape(file, path, name) for name in self._names]
            rows = {shape[0] for shape in shapes}
            if len(rows) > 1:
                raise _misfit("all datasets must have equally many rows", path,
                              dict(zip(self._names, shapes, strict=True)))
            row_shapes = [shape[1:] for shape in shapes]
            if self._shapes:
                self._compare(path, row_shapes)
            else:
                self._shapes = row_shapes
        except CaffeError:
            self.close()
            raise
        return rows.pop()

    def _compare(self, path: str, shapes: list[Shape]) -> None:
        """Hold a file's rows against the first file's, whose shape the tops have: as for the
        original they need equally many numbers, such as N and N x 1 labels have."""
        for name, shape, first in zip(self._names, shapes, self._shapes, strict=True):
            if math.prod(shape) != math.prod(first):
                raise _misfit("the rows of all files must hold equally many numbers", path,
                              f"{shape} in '{name}'", f"{first}, as in {self._files[0]}")
            if [n for n in shape if n != 1] != [n for n in first if n != 1]:
                logger.warning("%s: rows of '%s' are %s, and are taken as %s, the shape in %s",
                               shown(path), name, shape, first, shown(self._files[0]))


def _list_files(source: str) -> list[str]:
    try:
        files = [line.strip() for line in textfile.read_lines(source) if line.strip()]
    except NotFound as error:
        raise NotFound(f"Failed to open source file: {source}", fix=error.fix) from None
    except DataError as error:
        raise DataError("source must be a text file that lists HDF5 files, one a line",
                        found=str(error)) from error
    if not files:
        raise DataError("Must have at least 1 HDF5 filename listed in source",
                        found=f"none in {source}")
    return files


def _shape(file: h5py.File, path: str, name: str) -> Shape:
    dataset = file.get(name)
    if not isinstance(dataset, h5py.Dataset):
        raise DataError(f"{path} has no dataset '{name}'", found=", ".join(file) or "nothing",
                        fix=did_you_mean(name, file) or "A top's name is a dataset's name.")
    hdf5.check_dataset(dataset, path, virtual=True)
    if dataset.dtype.kind not in "fiu" or not dataset.shape:
        raise _misfit(f"dataset '{name}' must be an array of numbers", path,
                      f"{dataset.dtype} of shape {dataset.shape}")
    return tuple(dataset.shape)


def _misfit(message: str, path: str, found: object, allowed: object = None) -> ShapeError:
    return ShapeError(f"{path}: {message}", found=found, allowed=allowed)
