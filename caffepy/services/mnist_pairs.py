"""MNIST's idx files as a database of pairs."""

from __future__ import annotations

import numpy as np

from caffepy import log
from caffepy.services import work

logger = log.get(__name__)


def convert(
    images: str, labels: str, path: str, backend: str = "leveldb", seed: int = work.SEED
) -> int:
    """Write the database at ``path``: keys %08d, Datums of 2 x rows x cols; returns the count.

    Raises:
        NotFound: no such file. DataError: another kind of file, a name that is taken.
    """
    from caffepy.data.db import new_db
    from caffepy.errors import DataError
    from caffepy.proto import caffe_pb2
    from caffepy.services.mnist import IMAGE_MAGIC, LABEL_MAGIC, read_idx

    (count, rows, columns), pixels = read_idx(images, IMAGE_MAGIC, 3)
    (label_count,), classes = read_idx(labels, LABEL_MAGIC, 1)
    if count != label_count:
        raise DataError("there must be one label for each picture", where=labels,
                        found=f"{label_count} labels for {count} pictures")
    logger.info("A total of %d items.", count)
    logger.info("Rows: %d Cols: %d", rows, columns)
    pictures = np.frombuffer(pixels, np.uint8).reshape(count, -1)
    pairs = np.random.default_rng(seed).integers(0, max(count, 1), (count, 2)).tolist()
    datum = caffe_pb2.Datum(channels=2, height=rows, width=columns)
    with new_db(path, backend) as db:
        for item, (first, second) in enumerate(work.track(pairs, "pairs", count)):
            datum.data = pictures[first].tobytes() + pictures[second].tobytes()
            datum.label = int(classes[first] == classes[second])
            db.put(b"%08d" % item, datum.SerializeToString())
    logger.info("Processed %d pairs.", count)
    return count
