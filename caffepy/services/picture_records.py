"""A picture file as a Datum: decoded pixels, or the bytes of a picture file."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import numpy as np

from caffepy import log
from caffepy.data import image, opencv
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
        min_dim, max_dim: pictures keep their shape, and the shorter side is this long at least,
            the longer one at most; max_dim counts if both cannot be. They go before height and
            width. 0: any length. SSD's.
    """

    gray: bool = False
    height: int = 0
    width: int = 0
    encoded: bool = False
    encode_type: str = ""
    min_dim: int = 0
    max_dim: int = 0

    @property
    def resizes(self) -> bool:
        """Whether pictures may get another size."""
        return (self.height > 0 and self.width > 0) or self.min_dim > 0 or self.max_dim > 0


@dataclass(frozen=True)
class Picture:
    """A picture as it is to be stored.

    Attributes:
        data: its bytes, C x H x W or those of a picture file.
        shape: C x H x W.
        encoded: whether data are those of a file.
        size: height and width that it had in its own file.
    """

    data: bytes
    shape: tuple[int, ...]
    encoded: bool
    size: tuple[int, int]


def checked(format: Format) -> Format:
    """The format with what it implies.

    Raises:
        ConfigError: pictures cannot be written as encode_type.
    """
    encoding = format.encode_type.lower().lstrip(".")
    encoding = SPELLINGS.get(encoding, encoding)
    if encoding:
        cv2 = opencv.load()

        if not cv2.haveImageWriter(f".{encoding}"):
            raise ConfigError("pictures cannot be written in this format",
                              where="flag 'encode_type'", found=format.encode_type,
                              allowed="png, jpg and what else OpenCV writes")
        if not format.encoded:
            logger.info("encode_type specified, assuming encoded=true.")
    if (format.height > 0) != (format.width > 0):
        logger.warning("Pictures keep their size: it takes both resize_height and resize_width.")
    return replace(format, encoded=format.encoded or bool(encoding), encode_type=encoding)


def to_record(
    path: str, label: int, format: Format = Format()  # noqa: B008  frozen
) -> tuple[bytes, tuple[int, ...]]:
    """The serialized Datum of a picture file, and C x H x W.

    Raises:
        NotFound, DataError: it cannot be read.
    """
    picture = read_picture(path, format)
    return serialized(picture, label, sized=not picture.encoded), picture.shape


def read_picture(path: str, format: Format) -> Picture:
    """A picture file in this format.

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
        return _encoded(path, data, format) if format.encoded else _plain(data, format)
    except DataError as error:
        raise error.at(path) from error


def serialized(picture: Picture, label: int, sized: bool = True) -> bytes:
    """A Datum's bytes, put together by hand: with 200 KB of data a message takes protobuf 30
    times as long as this, about as long as decoding the picture.

    Args:
        sized: whether it says its size, which the original leaves out of encoded ones, SSD's fork
            does not.
    """
    head = caffe_pb2.Datum()
    if sized:
        head.channels, head.height, head.width = picture.shape
    # the original writes encoded even where it is false
    tail = caffe_pb2.Datum(label=label, encoded=picture.encoded)
    return b"".join((head.SerializeToString(), key(DATA, LENGTH), varint(len(picture.data)),
                     picture.data, tail.SerializeToString()))


def _plain(data: bytes, format: Format) -> Picture:
    picture, size = _decoded(data, format)
    return Picture(picture.tobytes(), picture.shape, False, size)


def _encoded(path: str, data: bytes, format: Format) -> Picture:
    found = encoding_of(path, data)
    wanted = format.encode_type or found
    shape = _own_shape(data) if wanted == found and not format.resizes else None
    if shape is not None and shape[0] == (1 if format.gray else 3):
        return Picture(data, shape, True, (shape[1], shape[2]))
    picture, size = _decoded(data, format)
    return Picture(_encode(picture, wanted), picture.shape, True, size)


def _decoded(data: bytes, format: Format) -> tuple[np.ndarray, tuple[int, int]]:
    """The picture, C x H x W, and its height and width before it was resized."""
    picture = image.decode(data, color=not format.gray)
    height, width = size = picture.shape[1], picture.shape[2]
    if format.min_dim > 0 or format.max_dim > 0:
        factor = scale_of(height, width, format.min_dim, format.max_dim)
        picture = image.scale(picture, factor)
    elif format.resizes:
        picture = image.resize(picture, format.height, format.width)
    return picture, size


def scale_of(height: int, width: int, min_dim: int, max_dim: int) -> float:
    """By what a picture is scaled so that min_dim and max_dim hold; 1 if they do already."""
    factor, (shorter, longer) = np.float32(1), sorted((height, width))
    if 0 < shorter < min_dim:
        factor = np.float32(min_dim) / np.float32(shorter)
    if 0 < max_dim < int(factor * np.float32(longer)):
        factor = np.float32(max_dim) / np.float32(longer)
    return float(factor)


def _own_shape(data: bytes) -> tuple[int, ...] | None:
    """C x H x W of what a Data layer will see in these bytes; None if it cannot use them."""
    try:
        return image.decode(data).shape
    except DataError:  # 16 bits a channel; if it is no picture at all, decoding for good says so
        return None


def _encode(picture: np.ndarray, encoding: str) -> bytes:
    cv2 = opencv.load()

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
