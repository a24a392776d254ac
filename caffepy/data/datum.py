"""Datum, the record of Caffe's databases: a picture or an array, C x H x W, with a label.

protobuf's own parser takes a microsecond for a digit and 20 for a 256 x 256 picture: nothing
here tries to be quicker than that.
"""

from __future__ import annotations

import numpy as np
from google.protobuf.message import DecodeError

from caffepy.data import image
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2

_parse = caffe_pb2.Datum.FromString


def parse(value: bytes) -> caffe_pb2.Datum:
    """The Datum in a record's bytes.

    Raises:
        DataError: the bytes are no Datum.
    """
    try:
        return _parse(value)
    except DecodeError as error:
        raise DataError(
            "the record is damaged, or no Datum",
            found=f"{len(value)} bytes starting {value[:8].hex(' ')}",
            fix="Make the database anew.",
        ) from error


def decode(value: bytes, color: bool | None = None) -> tuple[np.ndarray, int]:
    """Picture and label of a record's bytes.

    Args:
        color: for encoded pictures: True three channels, False one, None what the file has.

    Returns:
        C x H x W, uint8 (read-only, no copy) or float32 for float_data; and the label.

    Raises:
        DataError: damaged, empty, or of another size than it says.
    """
    datum = parse(value)
    return to_array(datum, color), datum.label


def to_array(datum: caffe_pb2.Datum, color: bool | None = None) -> np.ndarray:
    """The picture of a Datum; see ``decode``."""
    data = datum.data
    if datum.encoded:
        return image.decode(data, color)
    numbers = np.frombuffer(data, np.uint8) if data else np.array(datum.float_data, np.float32)
    channels, height, width = datum.channels, datum.height, datum.width
    # the count bounds the sizes too: no record can ask for more memory than it brings
    if min(channels, height, width) < 1 or channels * height * width != numbers.size:
        raise DataError(
            "the Datum's data does not fit its size",
            found=f"{numbers.size} numbers for {channels} x {height} x {width}",
            allowed="channels x height x width numbers in data or float_data",
        )
    return numbers.reshape(channels, height, width)


def from_array(array: np.ndarray, label: int | None = None) -> caffe_pb2.Datum:
    """A Datum of a C x H x W array: uint8 goes into data, all else into float_data."""
    if array.ndim != 3:
        raise DataError("a Datum holds C x H x W", found=f"an array of shape {array.shape}")
    channels, height, width = array.shape
    datum = caffe_pb2.Datum(channels=channels, height=height, width=width)
    if array.dtype == np.uint8:
        datum.data = array.tobytes()
    else:
        datum.float_data.extend(array.astype(np.float32).ravel().tolist())
    if label is not None:
        datum.label = label
    return datum
