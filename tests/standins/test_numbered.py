"""Pictures of numbers: with palettes of all depths, gray, deep."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from caffepy.errors import DataError, NotFound
from caffepy.standins._numbered import read_numbers

NUMBERS = (np.arange(6 * 9).reshape(6, 9) * 7) % 256


def png(numbers, depth):
    """A PNG with a palette in which all colours are one."""
    rows = b""
    for row in numbers:
        bits = "".join(f"{value:0{depth}b}" for value in row)
        bits += "0" * (-len(bits) % 8)
        rows += b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    height, width = numbers.shape
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 3, 0, 0, 0)),
              (b"PLTE", b"\x80\0\0" * 2**depth), (b"tRNS", b"\0"), (b"IDAT", zlib.compress(rows)),
              (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_palette(tmp_path, depth):
    numbers = NUMBERS % 2**depth
    (tmp_path / "x.png").write_bytes(png(numbers, depth))
    found = read_numbers(str(tmp_path / "x.png"))
    assert found.dtype == np.uint8 and (found == numbers).all()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_gray(tmp_path, kind):
    numbers = (NUMBERS * (200 if kind == np.uint16 else 1)).astype(kind)
    cv2.imwrite(str(tmp_path / "x.png"), numbers)
    found = read_numbers(str(tmp_path / "x.png"))
    assert found.dtype == kind and (found == numbers).all()


def test_what_has_no_numbers(tmp_path):
    path = str(tmp_path / "x.png")
    cv2.imwrite(path, np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(DataError, match=f"{path}: .*one channel .found 3 channels"):
        read_numbers(path)
    for content in (b"", b"no picture"):
        (tmp_path / "x.png").write_bytes(content)
        with pytest.raises(DataError, match=f"{path}: not a picture"):
            read_numbers(path)
    with pytest.raises(NotFound):
        read_numbers(path + "x")
