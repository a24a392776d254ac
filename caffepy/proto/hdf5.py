"""Weights in HDF5, in the original's layout.

    /data/<layer>/<index>    float32 dataset, one per parameter; a shared one is kept by its owner,
                             so that the sharers' numbers have gaps
    /diff/<layer>/<index>    gradients, if they were saved

A layer name with slashes (``inception_3a/1x1``) becomes nested groups.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence

import h5py
import numpy as np
from h5py._hl.base import phil
from numpy.typing import NDArray

from caffepy import forks
from caffepy.errors import CaffeError, DataError
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
            if not isinstance(file.get("data"), h5py.Group):  # or a dataset, as HDF5Data reads
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


def layer_names(path: Path) -> frozenset[str]:
    """The layers of a .caffemodel.h5 that have weights, which are not read.

    Raises:
        NotFound, DataError: as ``read_net``.
    """
    found: set[str] = set()

    def visit(name: str, item: object) -> None:
        layer, _, index = name.rpartition("/")
        if isinstance(item, h5py.Dataset) and index.isdigit():
            found.add(layer)

    try:
        with h5py.File(os.fspath(path), "r") as file:
            if isinstance(file.get("data"), h5py.Group):
                file["data"].visititems(visit)
    except Exception as error:  # h5py has many kinds for what is damaged
        raise DataError(f"the HDF5 file cannot be read: {error}", where=os.fspath(path)) from error
    return frozenset(found)


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


def misfits(layers: Sequence[tuple[str, Sequence[int]]]) -> Iterator[tuple[int, str]]:
    """Layers whose parameters the file could not hold beside the others'.

    Args:
        layers: for each its name and the indices of its parameters to be stored.

    Returns: numbers in ``layers``, and what is wrong with the name.
    """
    datasets: dict[str, int] = {}
    groups: dict[str, int] = {}
    for number, (name, indices) in enumerate(layers):
        if not indices:
            continue
        if not name:
            yield number, "it has no name"
        elif "\0" in name:
            yield number, "there is a NUL in its name"
        elif _plain(name) != name:
            yield number, (f"HDF5 takes the name '{name}' for '{_plain(name)}'" if _plain(name)
                           else f"'{name}' is no name to HDF5")
        elif name in groups:
            yield number, f"there are two layers of this name, '{name}'"
        groups[name] = number
        datasets.update((f"{name}/{index}", number) for index in indices)
    for number, (name, indices) in enumerate(layers):
        clash = next((path for path in _paths(name) if path in datasets), None)
        if indices and clash:
            other = layers[datasets[clash]][0]
            yield number, (f"'{clash}' in its name is already param {clash.rpartition('/')[2]} of "
                           f"layer '{other}'")


def _plain(name: str) -> str:
    """The path that HDF5 makes of a name, seen from a group."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def _paths(name: str) -> Iterator[str]:
    """The groups on the way to a name, itself included."""
    parts = name.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts) + 1))


@contextlib.contextmanager
def written(path: Path) -> Iterator[h5py.File]:
    """A new HDF5 file, which takes the place of ``path`` if the block succeeds.

    Raises:
        NotFound, DataError: it cannot be written.
    """
    with atomic_path(path) as beside:
        try:
            with h5py.File(beside, "w") as file:
                yield file
        except (CaffeError, OSError):
            raise
        except Exception as error:  # h5py has many kinds for what it cannot write
            raise DataError(f"the HDF5 file cannot be written: {error}",
                            where=os.fspath(path)) from error


def write_net(
    path: Path,
    layers: Iterable[tuple[str, dict[int, tuple[Array, Array | None]]]],
) -> None:
    """Write a .caffemodel.h5, whole or not at all.

    Args:
        layers: for each layer its name and, by index, (values, gradient or None) of the
            parameters it owns; ``misfits`` finds nothing in them.

    Raises:
        NotFound, DataError: the file cannot be written.
    """
    with written(path) as file:
        data, bare = file.create_group("data"), []
        for name, blobs in layers:
            for index, (values, grads) in blobs.items():
                data.create_dataset(f"{name}/{index}", data=values)
                if grads is not None:
                    file.create_dataset(f"diff/{name}/{index}", data=grads)
            if not blobs:
                bare.append(name)
        for name in bare:  # they have a group, as in the original's files, where there can be one
            if name and "\0" not in name and _plain(name) == name and not any(
                    isinstance(data.get(group), h5py.Dataset) for group in _paths(name)):
                data.require_group(name)
