"""The mean picture of a database, and the mean of each channel."""

from __future__ import annotations

import numpy as np

from caffepy import log
from caffepy.data import datum
from caffepy.data.db import open_db
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2
from caffepy.proto.files import atomic_write
from caffepy.services import work

logger = log.get(__name__)

EVERY = 10000  # records between two lines of the log


def mean_of(path: str, backend: str = "lmdb") -> np.ndarray:
    """The mean of a database's pictures, float32, C x H x W.

    Raises:
        NotFound: no database. DataError: it is empty, or pictures differ in size.
    """
    with open_db(path, backend) as db:
        if not db.valid:
            raise DataError("the database is empty", where=path)
        if _parse(path, db.key, db.value)[1]:
            logger.info("Decoding Datum")
        logger.info("Starting iteration")
        total: np.ndarray | None = None
        count = 0
        for key, value in work.track(db, "files", db.entries):
            picture, _ = _parse(path, key, value)
            if total is None:
                total = np.zeros(picture.shape, np.float32)
            if picture.shape != total.shape:
                raise DataError(
                    "Incorrect data field size", where=_place(path, key),
                    found=" x ".join(map(str, picture.shape)),
                    allowed=" x ".join(map(str, total.shape)) + ", as the first record has",
                    fix="Make the database with --resize_height and --resize_width.",
                )
            total += picture
            count += 1
            if count % EVERY == 0:
                logger.info("Processed %d files.", count)
    if count % EVERY:
        logger.info("Processed %d files.", count)
    assert total is not None  # a valid cursor stands on a record
    return total / np.float32(count)


def channel_means(mean: np.ndarray) -> list[float]:
    """One number a channel, summed as the original sums: in single precision, in order."""
    planes = mean.reshape(len(mean), -1)
    return [float(np.add.accumulate(plane)[-1] / np.float32(plane.size)) for plane in planes]


def write(path: str, mean: np.ndarray) -> None:
    """A BlobProto of 1 x C x H x W with the old fields of its shape, which all readers know."""
    channels, height, width = mean.shape
    blob = caffe_pb2.BlobProto(num=1, channels=channels, height=height, width=width)
    blob.data.extend(mean.ravel().tolist())
    with atomic_write(path) as file:
        file.write(blob.SerializeToString())


def _parse(path: str, key: bytes, value: bytes) -> tuple[np.ndarray, bool]:
    """A record's picture, and whether it had to be decoded."""
    try:
        record = datum.parse(value)
        return datum.to_array(record), record.encoded
    except DataError as error:
        raise error.at(_place(path, key)) from error


def _place(path: str, key: bytes) -> str:
    return f"{path}, record {key.decode(errors='replace')}"
