"""Weights in HDF5, in the original's layout.

    /data/<layer>/<index>    float32 dataset, one per parameter; a shared one is kept by its owner,
                             so that the sharers' numbers have gaps
    /diff/<layer>/<index>    gradients, if they were saved

A layer name with slashes (``inception_3a/1x1``) becomes nested groups.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

import h5py
import numpy as np
from h5py._hl.base import phil
from numpy.typing import NDArray

from caffepy import forks
from caffepy.errors import DataError
from caffepy.proto.files import atomic_path, begun, file_error
from caffepy.proto.wire import LayerWeights, Weights

Array = NDArray[np.floating]
Path = str | os.PathLike[str]

MOST_PACKED = 1032  # bytes that deflate packs into one at best
FREE = 1 << 16  # bytes that any dataset may claim
MOST_BLOBS = 1000  # of one layer; a greater number in a file is damage


class _AroundForks:
    """Nobody is inside of HDF5 while the process forks, and the child writes nothing to files that
    the parent is writing, as the library does by itself with all that are open when it ends."""

    def before_fork(self) -> None:
        phil.acquire()

    def after_fork_in_parent(self) -> None:
        phil.release()

    def after_fork_in_child(self) -> None:
        for file in h5py.h5f.get_obj_ids(types=h5py.h5f.OBJ_FILE) if begun else ():
            if os.fsdecode(file.name) in begun:
                nowhere = os.open(os.devnull, os.O_RDWR)
                os.dup2(nowhere, file.get_vfd_handle())
                os.close(nowhere)
                with contextlib.suppress(Exception):  # or a new file of its number would be refused
                    h5py.File(file).close()
        phil.release()


_around_forks = _AroundForks()
forks.watch(_around_forks)


def read_net(path: Path) -> Weights:
    """Read a .caffemodel.h5.

    Raises:
        NotFound: no such file.
        DataError: it is damaged, or holds no weights.
    """
    place = os.fspath(path)
    found: dict[str, dict[int, Array]] = {}

    def visit(name: str, item: object) -> None:
        layer, _, index = name.rpartition("/")
        if isinstance(item, h5py.Dataset) and index.isdigit():
            found.setdefault(layer, {})[int(index)] = np.asarray(values(item, place), np.float32)

    try:
        with h5py.File(place, "r") as file:
            if "data" not in file:
                raise DataError("this HDF5 file holds no weights: it has no group 'data'",
                                where=place, found=", ".join(file) or "an empty file")
            file["data"].visititems(visit)
    except FileNotFoundError as error:
        raise file_error(error, path, "read") from error
    except DataError:
        raise
    except Exception as error:  # h5py has many kinds for what is damaged
        raise DataError(f"the HDF5 file cannot be read: {error}", where=place) from error
    layers = []
    for name, blobs in found.items():
        if max(blobs) >= MOST_BLOBS:
            raise DataError(f"no layer has so many parameters as '{name}'", where=place,
                            found=f"number {max(blobs)}")
        arrays = [blobs.get(index) for index in range(max(blobs) + 1)]
        layers.append(LayerWeights(name, "", arrays, [None] * len(arrays)))
    return Weights(place, "", layers)


def values(dataset: h5py.Dataset, path: str, *, virtual: bool = False) -> Array:
    """All numbers of a dataset, which must lie in the file that was opened: links to other files
    could show any file of this machine.

    Args:
        path: the file that was opened.
        virtual: let datasets be put together from other HDF5 files.

    Raises:
        DataError: its numbers are elsewhere, or it says to be larger than what is stored.
    """
    check_dataset(dataset, path, virtual=virtual)
    return dataset[()]


def check_dataset(dataset: h5py.Dataset, path: str, *, virtual: bool = False) -> None:
    """Refuse what ``values`` refuses, without reading."""
    name = f"dataset '{dataset.name}'"
    outside = not os.path.samefile(dataset.file.filename, path) or dataset.external
    if outside or (dataset.is_virtual and not virtual):
        raise DataError(f"{name} links to another file", where=path,
                        fix="Copy its numbers into this one.")
    stored = dataset.id.get_storage_size()
    if not dataset.is_virtual and dataset.nbytes > max(MOST_PACKED * stored, FREE):
        raise DataError(f"{name} says to be larger than what is stored of it", where=path,
                        found=f"shape {dataset.shape} in {stored} bytes")


def write_net(
    path: Path,
    layers: Iterable[tuple[str, dict[int, tuple[Array, Array | None]]]],
) -> None:
    """Write a .caffemodel.h5, whole or not at all.

    Args:
        layers: for each layer its name and, by index, (values, gradient or None) of the
            parameters it owns.

    Raises:
        NotFound, DataError: the file cannot be written.
    """
    with atomic_path(path) as beside, h5py.File(beside, "w") as file:
        file.create_group("data")
        for name, blobs in layers:
            group = file["data"].require_group(name)
            for index, (values, grads) in blobs.items():
                group.create_dataset(str(index), data=values)
                if grads is not None:
                    file.require_group("diff").require_group(name).create_dataset(
                        str(index), data=grads)
