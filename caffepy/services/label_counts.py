"""How often each class stands in a data set's labels.

    counts_of("train_lmdb")                     the label of each record
    counts_of("labels_lmdb", pixels=True)       the pixels of each record's picture
    counts_of("train.txt")                      the labels behind the paths of a list
    counts_of("pairs.txt", pixels=True)         the pixels of the second file of each line
    counts_of("train.h5"), counts_of("h5s.txt") the numbers of a dataset, in a file or in several
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import h5py
import numpy as np
from numpy.typing import NDArray

from caffepy.data import datum, image, image_list, missing, words
from caffepy.data.db import MARKS, open_db
from caffepy.errors import DataError, NotFound, shown
from caffepy.proto import hdf5
from caffepy.services import work

Array = NDArray[np.int64]
MOST = 1_000_000  # classes; a greater label is no class
HDF5 = (".h5", ".hdf5")


@dataclass
class Counts:
    """What was counted.

    Attributes:
        each: of each class.
        among: of each class how many labels there are in the items that have it: in pictures of
            labels those of the pictures where the class is, else all.
        items: records, pictures or rows.
        ignored: labels of ``ignore_label``.
    """

    each: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    among: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    items: int = 0
    ignored: int = 0

    @property
    def total(self) -> int:
        return int(self.each.sum())

    def grow(self, classes: int) -> None:
        """Have room for so many classes at least."""
        more = max(0, classes - len(self.each))
        self.each, self.among = (np.pad(array, (0, more)) for array in (self.each, self.among))


def counts_of(
    source: str, *, pixels: bool = False, ignore_label: int | None = None, dataset: str = "label",
    root: str = "", classes: int = 0,
) -> Counts:
    """Count the labels of a data set.

    Args:
        source: an LMDB or LevelDB, a list of pictures, an HDF5 file, or a list of such.
        pixels: labels are pictures, as for segmentation; HDF5 needs no such word.
        ignore_label: what stands for no label.
        dataset: of HDF5.
        root: what the paths of a list begin with, as root_folder.
        classes: how many there are; 0: as many as the largest label says.

    Raises:
        NotFound, DataError: what cannot be read, or a label that is no class; it says where.
    """
    found = Counts()
    for values, where in work.track(_labels(source, pixels, dataset, root), "items"):
        _add(found, values, where, ignore_label, classes)
    found.grow(classes)
    if not found.total:
        raise DataError("there is no label to count", where=source,
                        found=f"{found.items} items, {found.ignored} ignored labels")
    if not pixels and (found.among == found.each).all():
        found.among[:] = found.total
    return found


def _add(
    counts: Counts, values: NDArray[np.generic], where: str, ignore_label: int | None, classes: int
) -> None:
    """Take in the labels of an item."""
    flat = np.asarray(values).reshape(-1)
    if ignore_label is not None:
        known = flat[flat != ignore_label]
        counts.ignored += flat.size - known.size
        flat = known
    whole = flat.astype(np.int64)
    bad = (whole != flat) | (whole < 0) | (whole >= (classes or MOST))
    if bad.any():
        raise DataError("a label is no class", where=where, found=f"{flat[bad.argmax()]:g}",
                        allowed=f"whole numbers, 0 to {(classes or MOST) - 1}",
                        fix="Give -ignore_label for what marks no label."
                        if flat[bad.argmax()] in (-1, 255) else None)
    each = np.bincount(whole)
    counts.grow(len(each))
    counts.each[: len(each)] += each
    counts.among[: len(each)] += (each > 0) * whole.size
    counts.items += 1


def _labels(
    source: str, pixels: bool, dataset: str, root: str
) -> Iterator[tuple[NDArray[np.generic], str]]:
    """The labels of each item, and where it lies."""
    if os.path.isdir(source):
        return _of_records(source, pixels)
    if not os.path.exists(source):
        raise NotFound("there is no such database, list or HDF5 file", where=source)
    if h5py.is_hdf5(source):
        return _of_rows([source], dataset)
    lines = [line.strip() for line in image_list.read_lines(source) if line.strip()]
    if lines and lines[0].endswith(HDF5):
        return _of_rows(lines, dataset)
    return _of_pairs(source, root) if pixels else _of_lines(source)


def _of_records(path: str, pixels: bool) -> Iterator[tuple[NDArray[np.generic], str]]:
    backend = next((kind for kind, mark in MARKS.items()
                    if os.path.exists(os.path.join(path, mark))), "lmdb")
    with open_db(path, backend) as db:
        for key, value in db:
            where = f"{path}, record {key.decode(errors='replace')}"
            try:
                if pixels:
                    picture, _ = datum.decode(value)
                    yield one_channel(picture, where), where
                else:
                    yield np.array([datum.parse(value).label]), where
            except DataError as error:
                raise error if error.where else error.at(where) from None


def _of_lines(path: str) -> Iterator[tuple[NDArray[np.generic], str]]:
    for number, text in enumerate(image_list.read_lines(path), 1):
        if text.strip():
            where = f"{shown(path)}:{number}"
            yield np.array([words.whole(text.split()[-1], "a label", where)]), where


def _of_pairs(path: str, root: str) -> Iterator[tuple[NDArray[np.generic], str]]:
    for number, (_, labels, *_) in words.read_words(path, "picture label_picture"):
        yield image.read_image(missing.place(root, labels), False), f"{path}:{number} ({labels})"


def _of_rows(
    paths: Iterable[str], dataset: str
) -> Iterator[tuple[NDArray[np.generic], str]]:
    for path in paths:
        if not os.path.exists(path):
            raise NotFound("there is no such HDF5 file", where=path)
        with h5py.File(path, "r") as file:
            if not isinstance(file.get(dataset), h5py.Dataset):
                raise DataError(f"there is no dataset '{dataset}'", where=path,
                                found=", ".join(file) or "nothing",
                                fix="Name it by -dataset.")
            for number, row in enumerate(hdf5.values(file[dataset], path)):
                yield np.asarray(row), f"{path}, row {number} of '{dataset}'"


def one_channel(picture: NDArray[np.generic], where: str) -> NDArray[np.generic]:
    """Refuse a picture that cannot be one of labels."""
    if len(picture) != 1:
        raise DataError("a picture of labels has one channel", where=where,
                        found=f"{len(picture)} channels",
                        fix="For the labels of records leave out -pixels.")
    return picture
