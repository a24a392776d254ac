"""Pictures whose pixels are numbers, not colours: labels, depths."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np

from caffepy.core.memory import Array
from caffepy.errors import DataError, NotFound

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, PALETTE = 0, 3
KIND = 25  # where a PNG says of which kind it is: signature, length, "IHDR", width, height, depth


def read_numbers(path: str) -> Array:
    """The numbers of a picture, H x W: of one with a palette which colour each pixel is, else how
    bright it is, in 8 or 16 bits.

    Raises:
        NotFound: no such file. DataError: it is no picture, or one of three channels.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise NotFound("there is no such picture", where=path) from None
    depth = 8
    if data[:8] == SIGNATURE and data[KIND] == PALETTE:
        data, depth = _without_palette(data), data[KIND - 1]
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if picture is None:
        raise DataError("not a picture that can be decoded", where=path)
    if picture.ndim != 2:
        raise DataError("a picture of labels has a palette or one channel", where=path,
                        found=f"{picture.shape[2]} channels")
    # a decoder spreads few bits over eight: 15 of 15 is 255
    return picture // (255 // (2**depth - 1)) if depth < 8 else picture


def _without_palette(data: bytes) -> bytes:
    """The same pixels, called gray: decoders would give colours of the palette."""
    header = data[12:KIND] + bytes([GRAY]) + data[KIND + 1 : 29]  # "IHDR" to before its check
    chunks = [data[:12], header, struct.pack(">I", zlib.crc32(header))]
    at = 33
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] not in (b"PLTE", b"tRNS"):
            chunks.append(data[at : at + 12 + size])
        at += 12 + size
    return b"".join(chunks)
