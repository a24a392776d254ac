"""HDF5Data: rows of datasets in HDF5 files, any number of them and of any rank.

bottom  none
top     one per dataset: the top's name is the dataset's. Dataset N x ... gives batch_size x ...
param   hdf5_data_param { source: "files.txt" batch_size: 64 shuffle: false }
V1      HDF5_DATA (V0 "hdf5_data")

``source`` lists the files, one a line. The first file's rows give the shapes; other files' may have
other ones of equally many numbers, as N x 1 labels beside N. Batches run on over the ends of files
and of the list. With ``shuffle`` the files come in another order in each pass over the list, and
the rows of a file in another order each time the file is read. Numbers are taken as they are:
transform_param is refused.
"""

from __future__ import annotations

import math
import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import h5py
import numpy as np

from caffepy import log
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array, Place
from caffepy.core.registry import register
from caffepy.errors import CaffeError, DataError, NotFound, ShapeError, did_you_mean, shown
from caffepy.proto import caffe_pb2, hdf5, textfile
from caffepy.proto.paths import path_of

logger = log.get(__name__)

Key = tuple[int, int, int]  # epoch, file, seed
WHOLE = 1 << 28  # bytes: smaller files are read whole; of larger ones the rows that are needed


@register("HDF5Data", v1="HDF5_DATA", v0="hdf5_data", param="hdf5_data_param")
class HDF5Data(Layer):
    """``position`` counts the rows that all workers together have used; which rows they are
    follows from it and the seed alone."""

    source_field = "source"
    ordered = True
    bottoms = "0"
    tops = "1+"
    keeps = ()
    data = True

    _open: tuple[str, h5py.File] | None = None  # the file that rows are read from
    # which file of which epoch, the order of its rows, its numbers if they are read whole
    _rows: tuple[Key, Array | None, dict[str, Array] | None] | None = None

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.spec.HasField("transform_param"):
            self.fail("HDF5Data does not transform data", found="transform_param",
                      fix="Write transformed numbers into the files.")
        if self.p.batch_size == 0:
            self.fail("hdf5_data_param needs a batch_size", fix="Add batch_size: 64.")
        self.names = list(self.spec.top)
        self.files = self._list_files()
        logger.info("Number of HDF5 files: %d", len(self.files))
        self.shapes: list[tuple[int, ...]] = []  # of one row
        self.lengths = [self._measure(path) for path in self.files]
        self._close_file()
        self.total = sum(self.lengths)
        if not self.total:
            self.fail("the HDF5 files have no rows", kind=DataError, found=", ".join(self.files))
        for blob, shape in zip(top, self.shapes, strict=True):
            blob.reshape((self.p.batch_size, *shape))

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        pass

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        values = [blob.values.overwrite(Place.HOST) for blob in top]
        # workers take turns, row by row, while training
        share = self.context.size if self.phase == caffe_pb2.TRAIN else 1
        done, batch = 0, self.p.batch_size
        while done < batch:
            row = self.position + (self.context.rank if share > 1 else 0)
            key, start, length = self._locate(row)
            count = min(batch - done, -(-(length - start) // share))
            rows = self._take(key, np.arange(start, start + count * share, share)[:count])
            for name, target in zip(self.names, values, strict=True):
                target[done : done + count] = rows[name].reshape(count, *target.shape[1:])
            done += count
            self.position += count * share

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        pass

    def close(self) -> None:
        """Close the file that is open, and forget what was read."""
        self._close_file()
        self._rows = None

    # -- where a row is -------------------------------------------------------------------

    def _locate(self, row: int) -> tuple[Key, int, int]:
        """((epoch, file, seed), place in the file's order, rows of the file) for a row's number."""
        epoch, row = divmod(row, self.total)
        order = self._permutation("files", epoch, len(self.files))
        ends = list(accumulate(self.lengths[i] for i in order))
        turn = bisect_right(ends, row)
        length = self.lengths[order[turn]]
        return (epoch, int(order[turn]), self.context.seed), row - ends[turn] + length, length

    def _permutation(self, what: str, counter: int, count: int) -> Array:
        if not self.p.shuffle:
            return np.arange(count)
        generator = self.context.generator(f"{self.stream}/{what}", counter, common=True)
        return generator.permutation(count)

    def _take(self, key: Key, places: Array) -> dict[str, Array]:
        """The rows at these (increasing) places of a file's order."""
        if self._rows is None or self._rows[0] != key:
            self._rows = (key, *self._start_file(key))
        _, order, whole = self._rows
        wanted = places if order is None else order[places]
        if whole is not None:
            return {name: whole[name][wanted] for name in self.names}
        file = self._file(self.files[key[1]])
        if order is None:
            step = int(places[1] - places[0]) if len(places) > 1 else 1
            part = slice(int(places[0]), int(places[-1]) + 1, step)
            return {name: file[name][part] for name in self.names}
        ranks = np.argsort(wanted)  # HDF5 reads rows in increasing order only
        back = np.argsort(ranks)
        return {name: file[name][wanted[ranks]][back] for name in self.names}

    def _start_file(self, key: Key) -> tuple[Array | None, dict[str, Array] | None]:
        """The order of a file's rows (None: as they lie), and its numbers if it is small."""
        epoch, index, _ = key
        shuffled = self.p.shuffle
        order = (self._permutation(f"rows/{index}", epoch, self.lengths[index])
                 if shuffled else None)
        if self._rows and self._rows[0][1] == index and self._rows[2] is not None:
            return order, self._rows[2]  # the only file, or by chance the same again
        file = self._file(self.files[index])
        size = sum(math.prod(file[name].shape) for name in self.names) * self.dtype.itemsize
        if size > WHOLE:
            return order, None
        whole = {name: file[name].astype(self.dtype)[()] for name in self.names}
        self._close_file()
        return order, whole

    # -- files ----------------------------------------------------------------------------

    def _list_files(self) -> list[str]:
        self.source = path_of(self.p, "source")
        if not self.source:
            self.fail("hdf5_data_param needs a source", fix="Name a text file that lists HDF5 "
                      "files, one a line.")
        try:
            files = [line.strip() for line in textfile.read_lines(self.source) if line.strip()]
        except NotFound as error:
            self.fail(f"Failed to open source file: {self.source}", kind=NotFound, fix=error.fix)
        except DataError as error:
            self.fail("source must be a text file that lists HDF5 files, one a line",
                      kind=DataError, found=str(error))
        if not files:
            self.fail("Must have at least 1 HDF5 filename listed in source", kind=DataError,
                      found=f"none in {self.source}")
        return files

    def _file(self, path: str) -> h5py.File:
        if self._open is None or self._open[0] != path:
            self._close_file()
            try:
                self._open = path, h5py.File(path, "r")
            except OSError as error:
                if not os.path.exists(path):
                    self.fail(f"File not found: {path}", kind=NotFound,
                              fix=f"{self.source} lists it; names count from the folder in "
                                  "which caffepy was started.")
                self.fail(f"{path} cannot be read as HDF5: {error}", kind=DataError)
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
            shapes = [self._shape(file, path, name) for name in self.names]
        except CaffeError:
            self.close()
            raise
        rows = {shape[0] for shape in shapes}
        if len(rows) > 1:
            self._refuse("all datasets must have equally many rows", path,
                         dict(zip(self.names, shapes, strict=True)))
        row_shapes = [shape[1:] for shape in shapes]
        if self.shapes:
            self._compare(path, row_shapes)
        else:
            self.shapes = row_shapes
        return rows.pop()

    def _compare(self, path: str, shapes: list[tuple[int, ...]]) -> None:
        """Hold a file's rows against the first file's, whose shape the tops have: as for the
        original they need equally many numbers, such as N and N x 1 labels have."""
        for name, shape, first in zip(self.names, shapes, self.shapes, strict=True):
            if math.prod(shape) != math.prod(first):
                self._refuse("the rows of all files must hold equally many numbers", path,
                             f"{shape} in '{name}'", f"{first}, as in {self.files[0]}")
            if [n for n in shape if n != 1] != [n for n in first if n != 1]:
                logger.warning("%s: rows of '%s' are %s, and are taken as %s, the shape in %s",
                               shown(path), name, shape, first, shown(self.files[0]))

    def _shape(self, file: h5py.File, path: str, name: str) -> tuple[int, ...]:
        dataset = file.get(name)
        if not isinstance(dataset, h5py.Dataset):
            self.fail(f"{path} has no dataset '{name}'", kind=DataError,
                      found=", ".join(file) or "nothing",
                      fix=did_you_mean(name, file) or "A top's name is a dataset's name.")
        hdf5.check_dataset(dataset, path, virtual=True)
        if dataset.dtype.kind not in "fiu" or not dataset.shape:
            self._refuse(f"dataset '{name}' must be an array of numbers", path,
                         f"{dataset.dtype} of shape {dataset.shape}")
        return tuple(dataset.shape)

    def _refuse(self, message: str, path: str, found: object, allowed: object = None) -> None:
        self.close()
        self.fail(f"{path}: {message}", kind=ShapeError, found=found, allowed=allowed)
