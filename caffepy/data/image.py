"""Pictures from files and bytes, as OpenCV gives them: H x W x C, colours in BGR order.

OpenCV is loaded at first use: it takes a tenth of a second, and many nets see no picture file.
"""

from __future__ import annotations

import os
import struct

import numpy as np

from caffepy.data import opencv, orientation
from caffepy.data.picture_size import size_of
from caffepy.errors import DataError, NotFound

PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # a pixel's, by colour type
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
SMALL = 1 << 24  # pixels that may be claimed by any file


def decode(data: bytes | memoryview, color: bool | None = None) -> np.ndarray:
    """The picture in the bytes of a PNG, JPEG, ... file, uint8, C x H x W (a view, BGR), upright.

    Args:
        color: True three channels, False one, None as many as the file has.

    Raises:
        DataError: not a picture, or not one of 8 bits a channel.
    """
    refuse_bomb(data)
    cv2 = opencv.load()
    flags = {None: cv2.IMREAD_UNCHANGED, True: cv2.IMREAD_COLOR, False: cv2.IMREAD_GRAYSCALE}
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags[color]) if data else None
    except cv2.error as error:  # a size beyond all bounds, for one
        raise DataError(f"the picture cannot be decoded: {error.err}") from error
    if picture is None:
        raise DataError(
            "not a picture that can be decoded",
            found=f"{len(data)} bytes starting {data[:8].hex(' ')}",
            allowed="PNG, JPEG and what else OpenCV reads",
        )
    if picture.dtype != np.uint8:
        raise DataError("a picture must have 8 bits a channel", found=picture.dtype)
    if color is None:
        picture = orientation.upright(data, picture)
    return channels_first(picture)


def refuse_bomb(data: bytes | memoryview) -> None:
    """Refuse a PNG or JPEG that says to be larger than its bytes can hold: OpenCV makes room for
    what it says, gigabytes perhaps, before it looks at the rest.

    Deflate packs 1032 bytes into one at best; a JPEG spends a bit on each 8 x 8 block at least.
    """
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 26:
        width, height, bits, kind = struct.unpack(">IIBB", data[16:26])
        raw = height * (1 + width * bits * PNG_SAMPLES.get(kind, 4) // 8)
        most = 1032 * len(data)
    elif data[:2] == b"\xff\xd8" and (size := size_of(data)):
        height, width = size
        raw, most = height * width, 512 * len(data)
    else:
        return
    if raw > max(most, SMALL):
        raise DataError("the picture cannot be decoded: it says to be larger than its bytes hold",
                        found=f"{height} x {width} in {len(data)} bytes")
    if data[:1] == b"\x89":
        _walk_png(data)


def _walk_png(data: bytes | memoryview) -> None:
    """Refuse a chunk that is longer than what is there."""
    at = 8
    while at + 8 <= len(data) and data[at : at + 12] != PNG_END:  # length, type, ..., check
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    if at > len(data):
        raise DataError("the picture cannot be decoded: it is cut short or damaged",
                        found=f"{len(data)} bytes", allowed=f"{at} bytes or more")


def read_image(path: str, color: bool = True, height: int = 0, width: int = 0) -> np.ndarray:
    """A picture file, uint8, C x H x W (BGR or gray), resized when height and width are given.

    Raises:
        NotFound: no such file. DataError: it cannot be read or decoded.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        hint = "" if os.path.isabs(path) else f"The path starts from {os.getcwd()}."
        raise NotFound("there is no such picture", where=path, fix=hint or None) from None
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error
    try:
        picture = decode(data, color)
    except DataError as error:
        raise error.at(path) from error
    return resize(picture, height, width) if height > 0 and width > 0 else picture


def resize(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """A C x H x W picture brought to height x width, bilinear, as cv2.resize does."""
    if picture.shape[1:] == (height, width):
        return picture
    cv2 = opencv.load()
    return channels_first(cv2.resize(pixels(picture), (width, height)))


def scale(picture: np.ndarray, factor: float) -> np.ndarray:
    """A C x H x W picture with sides ``factor`` times as long, bilinear, as cv2.resize does."""
    if factor == 1:
        return picture
    cv2 = opencv.load()
    return channels_first(cv2.resize(pixels(picture), None, fx=factor, fy=factor))


def planes(picture: np.ndarray, mirror: bool, spare: np.ndarray) -> np.ndarray:
    """A uint8 picture C x H x W (any view of OpenCV's order or of C order), mirrored if told, in
    C order for what follows: NumPy, which could do without, is several times as slow at it.

    Args:
        spare: 2 x C x H x W, uint8; overwritten. The result is part of it.
    """
    cv2 = opencv.load()
    target, other = spare
    if picture.strides[0] == 1 and len(picture) in (3, 4):
        pixels = picture.transpose(1, 2, 0)
        if mirror:
            pixels = cv2.flip(pixels, 1, other.reshape(pixels.shape))
        cv2.split(pixels, list(target))
    elif mirror and len(picture) <= 4:
        for source, plane in zip(picture, target, strict=True):
            cv2.flip(source, 1, plane)
    else:
        target[...] = picture[:, :, ::-1] if mirror else picture
    return target


def pixels(picture: np.ndarray) -> np.ndarray:
    """A C x H x W picture as OpenCV wants it: H x W x C in this order of memory, gray H x W."""
    return np.ascontiguousarray(picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0))


def channels_first(picture: np.ndarray) -> np.ndarray:
    """H x W or H x W x C, as OpenCV has it, seen as C x H x W."""
    return picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1)
