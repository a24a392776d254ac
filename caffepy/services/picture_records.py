"""A picture file as a Datum: decoded pixels, or the bytes of a picture file."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from caffepy import log
from caffepy.data import image
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2
from caffepy.proto.files import file_error
from caffepy.proto.varint import LENGTH, key, varint

logger = log.get(__name__)

SIGNATURES = {b"\xff\xd8\xff": "jpg", b"\x89PNG": "png"}
DATA = caffe_pb2.Datum.DESCRIPTOR.fields_by_name["data"].number
SPELLINGS = {"jpeg": "jpg"}


@dataclass(frozen=True)
class Format:
    """How a picture is stored.

    Attributes:
        gray: one channel instead of three.
        height, width: the size to bring pictures to, if both are above 0.
        encoded: as the bytes of a picture file; the file's own, if nothing need be changed.
        encode_type: "png", "jpg"...; empty: what the file's name says.
    """

    gray: bool = False
    height: int = 0
    width: int = 0
    encoded: bool = False
    encode_type: str = ""


def checked(format: Format) -> Format:
    """The format with what it implies.

    Raises:
        ConfigError: pictures cannot be written as encode_type.
    """
    encoding = format.encode_type.lower().lstrip(".")
    encoding = SPELLINGS.get(encoding, encoding)
    if encoding:
        import cv2

        if not cv2.haveImageWriter(f".{encoding}"):
            raise ConfigError("pictures cannot be written in this format",
                              where="flag 'encode_type'", found=format.encode_type,
                              allowed="png, jpg and what else OpenCV writes")
        if not format.encoded:
            logger.info("encode_type specified, assuming encoded=true.")
    if (format.height > 0) != (format.width > 0):
        logger.warning("Pictures keep their size: it takes both resize_height and resize_width.")
    return Format(format.gray, format.height, format.width, format.encoded or bool(encoding),
                  encoding)


def to_record(
    path: str, label: int, format: Format = Format()  # noqa: B008  frozen
) -> tuple[bytes, tuple[int, ...]]:
    """The serialized Datum of a picture file, and C x H x W.

    Raises:
        NotFound, DataError: it cannot be read.
    """
    try:
        with open(os.fsencode(path), "rb") as file:
            data = file.read()
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise (file_error(error, path, "read") if isinstance(error, OSError)
               else DataError(str(error), where=path)) from error
    try:
        if format.encoded:
            data, shape = _encoded(path, data, format)
            return _serialized((), data, label, True), shape
        picture = _decoded(data, format)
    except DataError as error:
        raise error.at(path) from error
    return _serialized(picture.shape, picture.tobytes(), label, False), picture.shape


def _serialized(shape: tuple[int, ...], data: bytes, label: int, encoded: bool) -> bytes:
    """A Datum's bytes, put together by hand: with 200 KB of data a message takes protobuf 30
    times as long as this, about as long as decoding the picture."""
    head = caffe_pb2.Datum()
    if shape:
        head.channels, head.height, head.width = shape
    # the original writes encoded even where it is false
    tail = caffe_pb2.Datum(label=label, encoded=encoded)
    return b"".join((head.SerializeToString(), key(DATA, LENGTH), varint(len(data)), data,
                     tail.SerializeToString()))


def _decoded(data: bytes, format: Format) -> np.ndarray:
    picture = image.decode(data, color=not format.gray)
    if format.height > 0 and format.width > 0:
        picture = image.resize(picture, format.height, format.width)
    return picture


def _encoded(path: str, data: bytes, format: Format) -> tuple[bytes, tuple[int, ...]]:
    found = encoding_of(path, data)
    wanted = format.encode_type or found
    resized = format.height > 0 and format.width > 0
    shape = _own_shape(data) if wanted == found and not resized else None
    if shape is None or shape[0] != (1 if format.gray else 3):
        picture = _decoded(data, format)
        shape, data = picture.shape, _encode(picture, wanted)
    return data, shape


def _own_shape(data: bytes) -> tuple[int, ...] | None:
    """C x H x W of what a Data layer will see in these bytes; None if it cannot use them."""
    try:
        return image.decode(data).shape
    except DataError:  # 16 bits a channel; if it is no picture at all, decoding for good says so
        return None


def _encode(picture: np.ndarray, encoding: str) -> bytes:
    import cv2

    try:
        done, data = cv2.imencode(f".{encoding}", np.ascontiguousarray(picture.transpose(1, 2, 0)))
    except cv2.error as error:
        raise DataError(f"the picture cannot be encoded as {encoding!r}: {error.err}") from error
    if not done:
        raise DataError(f"the picture cannot be encoded as {encoding!r}")
    return data.tobytes()


def encoding_of(path: str, data: bytes = b"") -> str:
    """What kind of picture file this is: by its name, or else by how it begins; "" if unknown."""
    extension = os.path.splitext(path)[1][1:].lower()
    if not extension:
        logger.warning("Failed to guess the encoding of '%s'", path)
        return next((kind for mark, kind in SIGNATURES.items() if data.startswith(mark)), "")
    return SPELLINGS.get(extension, extension)
