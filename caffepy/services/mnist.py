"""MNIST's idx files as a database."""

from __future__ import annotations

import math
import struct

from caffepy import log
from caffepy.errors import DataError, NotFound

logger = log.get(__name__)

IMAGE_MAGIC, LABEL_MAGIC = 2051, 2049


def read_idx(path: str, magic: int, dimensions: int) -> tuple[tuple[int, ...], bytes]:
    """Sizes and bytes of an idx file of unsigned bytes.

    Raises:
        NotFound: no such file. DataError: another kind of file, or one of another length.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise NotFound(
            "there is no such file", where=path, fix="data/mnist/get_mnist.sh fetches MNIST."
        ) from None
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error
    found = int.from_bytes(content[:4], "big")
    if len(content) < 4 or found != magic:
        kind = "pictures" if magic == IMAGE_MAGIC else "labels"
        fix = None
        if content[:2] == b"\x1f\x8b":
            fix = "Unpack it first: gunzip."
        elif found in (IMAGE_MAGIC, LABEL_MAGIC):
            fix = "The picture file comes first, then the labels."
        raise DataError(
            f"not an idx file of {kind}: wrong magic number",
            where=path,
            found=found,
            allowed=magic,
            fix=fix,
        )
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise DataError("the file ends in its header", where=path, found=f"{len(content)} bytes")
    sizes = struct.unpack_from(f">{dimensions}I", content, 4)
    needed = start + math.prod(sizes)
    if len(content) != needed:
        raise DataError(
            "the file's length does not fit its header",
            where=path,
            found=f"{len(content)} bytes for {' x '.join(map(str, sizes))}",
            allowed=f"{needed} bytes",
            fix="Fetch it again: it may have been cut short.",
        )
    return sizes, content[start:]


def convert(images: str, labels: str, path: str, backend: str = "lmdb") -> int:
    """Write the database at ``path``: keys %08d, Datums of 1 x rows x cols; returns the count."""
    from tqdm import tqdm

    from caffepy.data.db import new_db
    from caffepy.proto import caffe_pb2

    (count, rows, columns), pixels = read_idx(images, IMAGE_MAGIC, 3)
    (label_count,), classes = read_idx(labels, LABEL_MAGIC, 1)
    if count != label_count:
        raise DataError(
            "there must be one label for each picture",
            where=labels,
            found=f"{label_count} labels for {count} pictures",
        )
    logger.info("A total of %d items.", count)
    logger.info("Rows: %d Cols: %d", rows, columns)
    size = rows * columns
    datum = caffe_pb2.Datum(channels=1, height=rows, width=columns)
    with new_db(path, backend) as db:
        # disable=None: a bar on a terminal, nothing elsewhere
        for item in tqdm(range(count), unit=" items", disable=None, leave=False):
            datum.data = pixels[item * size : (item + 1) * size]
            datum.label = classes[item]
            db.put(b"%08d" % item, datum.SerializeToString())
    logger.info("Processed %d files.", count)
    return count
