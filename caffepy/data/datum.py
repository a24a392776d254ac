"""Datum, the record of Caffe's databases: a picture or an array, C x H x W, with a label.

protobuf's own parser takes a microsecond for a digit, quicker than anything written here could be.
Of a 256 x 256 picture it makes two copies: ``decode`` lets it parse what lies around the picture.
"""

from __future__ import annotations

import re

import numpy as np
from google.protobuf.message import DecodeError

from caffepy.data import image
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2
from caffepy.proto.varint import read_varint

_parse = caffe_pb2.Datum.FromString

LARGE = 4096  # bytes of a record from which the picture is not parsed
# channels, height, width, label and encoded, each a tag and a varint; then data's tag and length
_UP_TO_DATA = re.compile(rb"(?:[\x08\x10\x18\x28\x38][\x80-\xff]{0,9}[\0-\x7f])*"
                         rb"\x22([\x80-\xff]{0,4}[\0-\x7f])")


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
    datum, data = _datum(value)
    return to_array(datum, color, data), datum.label


def label(value: bytes) -> int:
    """The label of a record's bytes; DataError if they are no Datum."""
    return int(_datum(value)[0].label)


def _datum(value: bytes) -> tuple[caffe_pb2.Datum, memoryview | None]:
    return _split(value) if len(value) > LARGE else (parse(value), None)


def _split(value: bytes) -> tuple[caffe_pb2.Datum, memoryview | None]:
    """A record's Datum without its data, and the data; or all of it in the Datum, and None.

    What has another form than Datums are written in, or is damaged, is left to protobuf whole.
    """
    if (found := _UP_TO_DATA.match(value)) and (
            length := read_varint(value, found.start(1), found.end())):
        count, begin = length
        end = begin + count
        if end <= len(value):
            try:
                datum = _parse(value[: found.start(1) - 1] + value[end:])
            except DecodeError:
                return parse(value), None
            if not datum.HasField("data"):  # of several, the last one counts
                return datum, memoryview(value)[begin:end]
    return parse(value), None


def to_array(
    datum: caffe_pb2.Datum, color: bool | None = None, data: memoryview | None = None
) -> np.ndarray:
    """The picture of a Datum; see ``decode``.

    Args:
        data: the Datum's data, where they are not in it.
    """
    content = datum.data if data is None else data
    if datum.encoded:
        return image.decode(content, color)
    numbers = (np.frombuffer(content, np.uint8) if content
               else np.array(datum.float_data, np.float32))
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
