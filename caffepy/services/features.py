"""What blobs of a net hold, stored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy import log
from caffepy.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from caffepy.core.blob import Blob
    from caffepy.core.context import Context

logger = log.get(__name__)

DATABASES = ("lmdb", "leveldb")
FILES = ("hdf5", "npz")
SAID_EVERY = 1000  # records


class _Store(ABC):
    """Where the features of one blob go, batch by batch."""

    @abstractmethod
    def add(self, blob: Blob) -> None: ...


class _Database(_Store):
    """A record for each item: Datum of C x H x W in float_data."""

    def __init__(self, writer: Any) -> None:
        self.writer = writer

    def add(self, blob: Blob) -> None:
        from caffepy.proto import caffe_pb2

        batch = _rows(blob)
        # axes beyond the fourth do not fit into a Datum: the last one takes them all
        channels, height = (*blob.shape[1:], 1, 1)[:2]
        datum = caffe_pb2.Datum(channels=channels, height=height,
                                width=batch.shape[1] // (channels * height))
        for row in batch:
            del datum.float_data[:]
            datum.float_data.extend(row.tolist())
            self.writer.put(b"%010d" % self.writer.count, datum.SerializeToString())


class _Hdf5(_Store):
    """A dataset that grows."""

    def __init__(self, file: Any, name: str) -> None:
        self.file, self.name = file, name

    def add(self, blob: Blob) -> None:
        batch = _items(blob)
        if self.name not in self.file:
            self.file.create_dataset(self.name, data=batch, maxshape=(None, *batch.shape[1:]))
            return
        data = self.file[self.name]
        data.resize(len(data) + len(batch), 0)
        data[-len(batch):] = batch


class _Npz(_Store):
    """A list in memory, written at the end."""

    def __init__(self, arrays: dict[str, list[np.ndarray]], name: str) -> None:
        self.batches = arrays.setdefault(name, [])

    def add(self, blob: Blob) -> None:
        self.batches.append(_items(blob).copy())


def extract(
    weights: str,
    model: str,
    blobs: Sequence[str],
    targets: Sequence[str],
    batches: int,
    kind: str,
    context: Context | None = None,
) -> int:
    """Run ``batches`` batches and keep what the blobs hold; returns the number of items.

    Args:
        weights: .caffemodel or HDF5 file(s), separated by commas.
        blobs, targets: names, and where each goes; files can take several.
        kind: "lmdb", "leveldb", "hdf5" or "npz".

    Raises:
        NotFound: a file or blob is not there. ConfigError, DataError, ShapeError.
    """
    from caffepy.checks import batches as checks
    from caffepy.checks import structure
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2

    _check(blobs, targets, batches, kind)
    with ExitStack() as stack:
        net = Net(model, caffe_pb2.TEST, context=context)
        stack.callback(net.close)
        for path in filter(None, weights.split(",")):
            structure.warn(structure.copied_nothing(net, net.load(path)))
        sources = [net.blob(name) for name in blobs]
        structure.warn(structure.unfed_inputs(net))
        structure.warn(structure.untouched_statistics(net))
        structure.warn(checks.leftovers(net, batches))
        if len(targets) == 1:
            targets = list(targets) * len(blobs)
        stores = _open(stack, kind, blobs, targets)
        logger.info("Extracting Features")
        counts = [0] * len(blobs)
        for _ in range(batches):
            net.forward()
            for i, (source, store) in enumerate(zip(sources, stores, strict=True)):
                store.add(source)
                before, counts[i] = counts[i], counts[i] + len(_items(source))
                if counts[i] // SAID_EVERY > before // SAID_EVERY:
                    _say(counts[i], blobs[i])
    for count, name in zip(counts, blobs, strict=True):
        _say(count, name)
    logger.info("Successfully extracted the features!")
    return max(counts)


def _say(count: int, name: str) -> None:
    logger.info("Extracted features of %d query images for feature blob %s", count, name)


def _items(blob: Blob) -> np.ndarray:
    """The values, the first axis that of the items; a blob without axes is one item."""
    from caffepy.core.memory import Place

    return np.atleast_1d(blob.values.read(Place.HOST))


def _rows(blob: Blob) -> np.ndarray:
    items = _items(blob)
    return items.reshape(len(items), -1)


def _open(
    stack: ExitStack, kind: str, blobs: Sequence[str], targets: Sequence[str]
) -> list[_Store]:
    """A store for each blob, which the end of the stack completes or drops."""
    from caffepy.data.db import new_db
    from caffepy.proto.files import atomic_path

    if kind in DATABASES:
        stores: list[_Store] = []
        for path in targets:
            logger.info("Opening dataset %s", path)
            stores.append(_Database(stack.enter_context(new_db(path, kind))))
        return stores
    by_path: dict[str, Any] = {}
    for path in dict.fromkeys(targets):
        beside = stack.enter_context(atomic_path(path))
        if kind == "hdf5":
            import h5py

            by_path[path] = stack.enter_context(h5py.File(beside, "w"))
        else:
            by_path[path] = {}
            stack.push(_npz_writer(str(beside), by_path[path]))
    make = _Hdf5 if kind == "hdf5" else _Npz
    return [make(by_path[path], name) for path, name in zip(targets, blobs, strict=True)]


def _npz_writer(path: str, arrays: dict[str, list[np.ndarray]]) -> Any:
    """What writes the arrays at the end, unless an error ended it."""

    def write(error: object, *rest: object) -> None:
        if error is None:
            whole: Any = {name: np.concatenate(parts) for name, parts in arrays.items()}
            with open(path, "wb") as file:  # a name would be given the ending .npz
                np.savez(file, **whole)

    return write


def _check(blobs: Sequence[str], targets: Sequence[str], batches: int, kind: str) -> None:
    if kind not in DATABASES + FILES:
        raise ConfigError("unknown db_type", found=kind, allowed=", ".join(DATABASES + FILES),
                          fix=did_you_mean(kind, DATABASES + FILES))
    if len(blobs) != len(targets) and not (kind in FILES and len(targets) == 1):
        raise ConfigError("each blob needs a place of its own",
                          found=f"{len(blobs)} blob names and {len(targets)} dataset names")
    if kind in DATABASES and len(set(targets)) < len(targets):
        raise ConfigError("two blobs cannot share one database", found=",".join(targets))
    if len(set(blobs)) < len(blobs):
        raise ConfigError("a blob is named twice", found=",".join(blobs))
    if batches < 1:
        raise ConfigError("num_mini_batches must be 1 or more", found=batches)
