"""CIFAR-10's binary files as databases."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np

from caffepy import log
from caffepy.data.db import backend_name, new_db
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2
from caffepy.proto.files import file_error
from caffepy.services import work

logger = log.get(__name__)

SIZE, CHANNELS = 32, 3
RECORD = 1 + CHANNELS * SIZE * SIZE  # bytes
TRAIN_FILES = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
TEST_FILES = ("test_batch.bin",)
CLASSES = 10


def read(path: str) -> np.ndarray:
    """The records of a file, N x 3073 bytes, the label first.

    Raises:
        NotFound: no such file. DataError: a file of another kind.
    """
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        known = file_error(error, path, "read")
        known.fix = "data/cifar10/get_cifar10.sh fetches CIFAR-10."
        raise known from error
    if not content.size or content.size % RECORD:
        raise DataError(
            "not a file of CIFAR-10's binary version", where=path, found=f"{content.size} bytes",
            allowed=f"a multiple of {RECORD}",
            fix="Unpack cifar-10-binary.tar.gz; the Python and MATLAB versions are other files.")
    records = content.reshape(-1, RECORD)
    highest = int(records[:, 0].max())
    if highest >= CLASSES:
        raise DataError("not a file of CIFAR-10's binary version", where=path,
                        found=f"label {highest}", allowed=f"0 to {CLASSES - 1}",
                        fix="CIFAR-100 has records of another kind.")
    return records


def convert(
    source: str, target: str, backend: str = "lmdb", *, shuffle: bool = True,
    seed: int = work.SEED,
) -> tuple[str, str]:
    """Write <target>/cifar10_train_<backend> and cifar10_test_<backend>; returns their paths.

    Args:
        source: the folder of the six files.
        shuffle: the training pictures. The test pictures stay in order.

    Raises:
        NotFound: a folder or file is not there. DataError: a file of another kind, a name taken.
    """
    backend = backend_name(backend)
    # all files are looked at before the first database is begun
    train = np.concatenate([read(os.path.join(source, name)) for name in TRAIN_FILES])
    test = np.concatenate([read(os.path.join(source, name)) for name in TEST_FILES])
    paths = tuple(os.path.join(target, f"cifar10_{part}_{backend}") for part in ("train", "test"))
    order: Iterable[int] = range(len(train))
    if shuffle:
        logger.info("Shuffling the training data")
        order = np.random.default_rng(seed).permutation(len(train))
    logger.info("Writing Training data")
    _write(paths[0], backend, train, order)
    logger.info("Writing Testing data")
    _write(paths[1], backend, test, range(len(test)))
    return paths[0], paths[1]


def _write(path: str, backend: str, records: np.ndarray, order: Iterable[int]) -> None:
    datum = caffe_pb2.Datum(channels=CHANNELS, height=SIZE, width=SIZE)
    with new_db(path, backend) as db:
        for number, index in enumerate(work.track(order, "files", len(records))):
            datum.label = int(records[index, 0])
            datum.data = records[index, 1:].tobytes()
            db.put(b"%05d" % number, datum.SerializeToString())
    logger.info("Wrote %d pictures to %s", len(records), path)
