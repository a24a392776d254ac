import zlib

import cv2
import numpy as np
import pytest

from caffepy.data.image import decode, read_image, resize
from caffepy.errors import DataError, NotFound

RNG = np.random.default_rng(1701)
COLOR = RNG.integers(0, 256, (5, 7, 3), np.uint8)  # H x W x C, BGR


def png(picture):
    return cv2.imencode(".png", picture)[1].tobytes()


def test_channels_come_first_in_bgr_order():
    np.testing.assert_array_equal(decode(png(COLOR)), COLOR.transpose(2, 0, 1))


def test_gray_and_color_as_told():
    gray = cv2.cvtColor(COLOR, cv2.COLOR_BGR2GRAY)
    # the PNG library rounds otherwise than cvtColor; the recorded Datums hold it to the byte
    np.testing.assert_allclose(decode(png(COLOR), False), gray[None].astype(float), atol=1)
    np.testing.assert_array_equal(decode(png(gray)), gray[None])
    np.testing.assert_array_equal(decode(png(gray), True), np.stack([gray] * 3))
    with_alpha = np.dstack([COLOR, COLOR[:, :, :1]])
    assert decode(png(with_alpha)).shape == (4, 5, 7)


def test_read_image(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(COLOR))
    np.testing.assert_array_equal(read_image(str(path)), COLOR.transpose(2, 0, 1))
    np.testing.assert_array_equal(
        read_image(str(path), height=10, width=4), cv2.resize(COLOR, (4, 10)).transpose(2, 0, 1)
    )
    assert read_image(str(path), color=False).shape == (1, 5, 7)


def test_resize():
    picture = COLOR.transpose(2, 0, 1)
    assert resize(picture, 5, 7) is picture
    assert resize(picture, 3, 9).shape == (3, 3, 9)
    assert resize(picture[:1], 3, 9).shape == (1, 3, 9)


def test_16_bits_are_refused():
    with pytest.raises(DataError, match="8 bits a channel.*found uint16"):
        decode(png(COLOR.astype(np.uint16)))


def test_a_picture_beyond_all_bounds_is_an_error_not_a_crash():
    data = bytearray(png(COLOR))
    data[16:24] = (1 << 19).to_bytes(4, "big") * 2  # width and height
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    with pytest.raises(DataError, match="cannot be decoded"):
        decode(bytes(data))


def test_bad_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound, match=f"no.png: there is no such picture.*{tmp_path}"):
        read_image("no.png")
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_image(str(tmp_path))
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(DataError, match="text.png: not a picture.*found 5 bytes"):
        read_image("text.png")
