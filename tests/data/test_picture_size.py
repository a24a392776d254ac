"""How large a picture is, by its file's head alone."""

import struct

import cv2
import numpy as np
import pytest

from caffepy.data.image import decode
from caffepy.data.picture_size import refuse_giant, size_of
from caffepy.errors import DataError

PICTURE = np.full((13, 21, 3), 80, np.uint8)


def encoded(ext: str) -> bytes:
    return bytes(cv2.imencode(ext, PICTURE)[1].tobytes())


@pytest.mark.parametrize("ext", [".png", ".jpg", ".webp", ".bmp"])
def test_it_is_the_size_that_decoding_gives(ext):
    assert size_of(encoded(ext)) == decode(encoded(ext)).shape[1:] == (13, 21)
    assert size_of(memoryview(encoded(ext))) == (13, 21)


def test_neither_a_gif_nor_text_need_be_decoded():
    assert size_of(b"GIF89a" + struct.pack("<HH", 300, 20)) == (20, 300)
    assert size_of(b"hello") is None and size_of(b"") is None


def test_a_giant_is_refused():
    refuse_giant(encoded(".png"), 13 * 21)
    with pytest.raises(DataError, match="too large.*found 13 x 21 pixels"):
        refuse_giant(encoded(".png"), 13 * 21 - 1)


@pytest.mark.parametrize("thumbnail", [(1, 1), (60000, 60000)])
def test_a_jpegs_thumbnail_does_not_tell_its_size(thumbnail):
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, *thumbnail, 1) + b"\1\x11\0"
    inside = b"\xff\xe1" + struct.pack(">H", 2 + len(frame)) + frame
    data = encoded(".jpg")
    data = data[:2] + inside + data[2:]
    assert size_of(data) == (13, 21)
    assert decode(data).shape == (3, 13, 21)
