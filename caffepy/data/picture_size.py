"""How large a picture is, before anybody decodes it: a file of a few megabytes may hold gigabytes.

The heads are as in PNG (ISO/IEC 15948, 11.2.2), JPEG (ITU T.81, B.2.2), GIF89a, Windows bitmaps
and WebP (RFC 9649).
"""

from __future__ import annotations

import struct

from caffepy.errors import DataError

Bytes = bytes | memoryview

KINDS = "PNG, JPEG, WebP, BMP or GIF"  # whose decoders meet strangers' files every day
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # JPEG's marks of a frame
BARE = {1, *range(0xD0, 0xDA)}  # those without a segment


def refuse_giant(data: Bytes, most: int) -> None:
    """Refuse a picture's file of one of KINDS that says to have more pixels than ``most``.

    Raises:
        DataError: it does.
    """
    size = size_of(data)
    if size is not None and size[0] * size[1] > most:
        raise DataError("the picture is too large", found=f"{size[0]} x {size[1]} pixels",
                        allowed=f"{most // 1_000_000} million pixels")


def size_of(data: Bytes) -> tuple[int, int] | None:
    """Height and width as a picture's file says them; None for what is none of KINDS."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
    elif data[:3] == b"\xff\xd8\xff":
        return _jpeg(data)
    elif data[:2] == b"BM" and len(data) >= 26:
        width, height = map(abs, struct.unpack("<ii", data[18:26]))
    elif data[:4] == b"GIF8" and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp(data)
    else:
        return None
    return height, width


def _jpeg(data: Bytes) -> tuple[int, int] | None:
    """By the frame's own header: one of a thumbnail within another segment is passed over."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF or data[at + 1] in (0, 0xFF):
            at += 1
        elif (mark := data[at + 1]) in FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return height, width
        elif mark in BARE:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _webp(data: Bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        return height, width
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits >> 14 & 0x3FFF), 1 + (bits & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return height & 0x3FFF, width & 0x3FFF
    return None
