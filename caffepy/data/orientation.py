"""Pictures upright, as EXIF's orientation says: phones store them as the sensor lies.

OpenCV turns a picture when it is asked for three channels or one, and leaves it lying when it is
asked for all that the file has (IMREAD_UNCHANGED; TIFF it turns always). The original took what it
got, so nets saw turned pictures from ImageData and lying ones from databases of encoded pictures.
Here all are upright, as OpenCV turns them. Only pictures with such a tag in an EXIF block are given
to OpenCV a second time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

# the tag 0x0112 with a value that means a turn, in either order of bytes
LITTLE = re.compile(rb"\x12\x01.{6}([\x02-\x08])\0", re.DOTALL)
BIG = re.compile(rb"\x01\x12.{6}\0([\x02-\x08])", re.DOTALL)
APP1, SCAN, END = 0xE1, 0xDA, 0xD9

# what each value does to H x W x C
TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: p[::-1].swapaxes(0, 1),
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: p[:, ::-1].swapaxes(0, 1),
}


def upright(data: bytes | memoryview, picture: np.ndarray) -> np.ndarray:
    """A picture turned as cv2.imread turns it.

    Args:
        data: the file.
        picture: what IMREAD_UNCHANGED makes of it: H x W or H x W x C.
    """
    said = next((found[1][0] for block in _blocks(data) for order in (LITTLE, BIG)
                 if (found := order.search(block))), None)
    if said is None:
        return picture
    import cv2

    color = cv2.IMREAD_GRAYSCALE if picture.ndim == 2 else cv2.IMREAD_COLOR
    turned = cv2.imdecode(np.frombuffer(data, np.uint8), color | cv2.IMREAD_ANYDEPTH)
    if turned is None or turned.ndim != picture.ndim:
        return picture
    if turned.shape[2:] == picture.shape[2:]:
        return turned
    for value in (said, *TURNS):  # a fourth channel, which OpenCV leaves out, turns with the others
        candidate = TURNS[value](picture)
        if np.array_equal(candidate[:, :, :3], turned):
            return np.ascontiguousarray(candidate)
    return picture


def _blocks(data: bytes | memoryview) -> Iterator[bytes]:
    """The parts of a JPEG, PNG or WebP file in which EXIF is."""
    head = bytes(data[:12])
    if head[:2] == b"\xff\xd8":
        yield from _jpeg(data)
    elif head[:4] == b"\x89PNG":
        at = 8
        while at + 8 <= len(data):  # length, name, content, check
            length = int.from_bytes(data[at : at + 4], "big")
            if data[at + 4 : at + 8] == b"eXIf":
                yield bytes(data[at + 8 : at + 8 + length])
            at += 12 + length
    elif head[:4] == b"RIFF" and head[8:] == b"WEBP":
        at = 12
        while at + 8 <= len(data):  # name, length, content, filled up to an even number
            length = int.from_bytes(data[at + 4 : at + 8], "little")
            if data[at : at + 4] == b"EXIF":
                yield bytes(data[at + 8 : at + 8 + length])
            at += 8 + length + length % 2


def _jpeg(data: bytes | memoryview) -> Iterator[bytes]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker in (SCAN, END):
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == APP1:
            yield bytes(data[at + 4 : at + 2 + length])
        at += 2 + max(length, 2)
