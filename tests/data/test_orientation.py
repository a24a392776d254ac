"""EXIF's orientation: all ways of reading a picture see it upright, as cv2.imread does."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from caffepy.data import datum, image, orientation
from caffepy.proto import caffe_pb2

RNG = np.random.default_rng(1701)
COLOR = cv2.resize(RNG.integers(0, 256, (4, 6, 3), np.uint8), (24, 16))
ALPHA = np.dstack([COLOR, cv2.resize(RNG.integers(0, 256, (4, 6), np.uint8), (24, 16))])
TURNED = {  # EXIF 2.32, 4.6.4 A: where the picture's first row and column are on the stored one
    1: lambda p: p, 2: np.fliplr, 3: lambda p: np.rot90(p, 2), 4: np.flipud,
    5: lambda p: p.swapaxes(0, 1), 6: lambda p: np.rot90(p, -1),
    7: lambda p: np.rot90(p, 2).swapaxes(0, 1), 8: np.rot90,
}  # fmt: skip


def exif(value, big=False, kind=3):
    order = ">" if big else "<"
    return (b"MM\0*" if big else b"II*\0") + struct.pack(
        f"{order}IHHHIHHI", 8, 1, 0x0112, kind, 1, value, 0, 0)


def jpeg(picture, block, before=b""):
    data = cv2.imencode(".jpg", picture)[1].tobytes()
    block = b"Exif\0\0" + block
    return (data[:2] + before + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:])


def png(picture, block, at=33):
    data = cv2.imencode(".png", picture)[1].tobytes()
    chunk = b"eXIf" + block
    return (data[:at] + struct.pack(">I", len(block)) + chunk
            + struct.pack(">I", zlib.crc32(chunk)) + data[at:])


def late_png(picture, block):
    return png(picture, block, -12)


def webp(picture, block):
    data = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    height, width = picture.shape[:2]
    flags = 8 | (16 if picture.shape[2:] == (4,) else 0)
    head = struct.pack("<4sIBxxx", b"VP8X", 10, flags)
    head += struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    content = b"WEBP" + head + data[12:] + b"EXIF" + struct.pack("<I", len(block)) + block
    return b"RIFF" + struct.pack("<I", len(content)) + content


FILES = {"jpeg": jpeg, "png": png, "late png": late_png, "webp": webp}


def turns(data):
    """Whether this OpenCV turns a picture of which the file says that it lies on its side."""
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (24, 16, 3)


def skip_where_it_lies(file):
    if file == "webp" and not turns(webp(COLOR, exif(6))):
        pytest.skip(f"OpenCV {cv2.__version__} leaves WebP as it lies")


def seen(data, color=None):
    return image.decode(data, color).transpose(1, 2, 0)


def opencv(data, flag=cv2.IMREAD_COLOR):
    return cv2.imdecode(np.frombuffer(data, np.uint8), flag)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("value", range(10))
@pytest.mark.parametrize("file", FILES)
def test_pictures_are_upright_in_all_channels(file, value, big):
    skip_where_it_lies(file)
    make, block = FILES[file], exif(value, big)
    plain, data = make(COLOR, exif(1)), make(COLOR, block)
    np.testing.assert_array_equal(seen(data), TURNED.get(value, TURNED[1])(seen(plain)))
    for color, flag in ((True, cv2.IMREAD_COLOR), (None, cv2.IMREAD_COLOR),
                        (False, cv2.IMREAD_GRAYSCALE)):
        expected = opencv(data, flag)
        np.testing.assert_array_equal(seen(data, color), expected.reshape(*expected.shape[:2], -1))
    gray = make(COLOR[:, :, 0], block)
    if file != "webp":  # which has no gray
        assert seen(gray).shape[2] == 1
    np.testing.assert_array_equal(seen(gray)[:, :, :1], seen(gray, False) if file != "webp"
                                  else opencv(gray)[:, :, :1])


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("file", ["png", "late png", "webp"])
def test_a_fourth_channel_turns_too(file, value):
    skip_where_it_lies(file)
    data = FILES[file](ALPHA, exif(value))
    np.testing.assert_array_equal(seen(data), TURNED[value](ALPHA))
    # so does one of a picture that looks the same from all sides
    plain = np.dstack([np.full_like(COLOR, 9), ALPHA[:, :, 3]])
    np.testing.assert_array_equal(seen(FILES[file](plain, exif(value))), TURNED[value](plain))


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("block", [
    b"", b"II", exif(6)[:-6], exif(6)[:12], b"XX" + exif(6)[2:], exif(6, kind=4), exif(6, True, 1),
    exif(6)[:4] + b"\xff" * 4 + exif(6)[8:], exif(6)[:8] + b"\xff\xff" + exif(6)[10:],
    exif(0xFFFF), exif(0x0600), bytes(99), b"\xff" * 99, exif(6) + bytes(999),
])
def test_damaged_exif_is_taken_as_opencv_takes_it(file, block):
    data = FILES[file](COLOR, block)
    np.testing.assert_array_equal(seen(data), opencv(data))


def test_exif_behind_other_parts_of_a_jpeg():
    before = (b"\xff\xfe\0\x05abc" + b"\xff\xff\xff\xe2" + struct.pack(">H", 60002) + bytes(60000)
              + b"\xff\xe1\0\x07http:")
    data = jpeg(COLOR, exif(6), before)
    if not turns(data):
        pytest.skip(f"OpenCV {cv2.__version__} looks at the first block alone")
    np.testing.assert_array_equal(seen(data), opencv(data))
    assert seen(data).shape == (24, 16, 3)


@pytest.mark.parametrize("kind", ["tiff", "bmp", "png", "jpg"])
def test_files_without_exif(kind):
    data = cv2.imencode(f".{kind}", COLOR)[1].tobytes()
    np.testing.assert_array_equal(seen(data), opencv(data))


def test_a_picture_that_is_not_turned_is_decoded_once(monkeypatch):
    data = jpeg(COLOR, exif(1))
    picture = opencv(data, cv2.IMREAD_UNCHANGED)
    monkeypatch.setattr(cv2, "imdecode", None)
    assert orientation.upright(data, picture) is picture


def test_datums_and_memory_views():
    data = jpeg(COLOR, exif(6))
    record = caffe_pb2.Datum(encoded=True, data=data, label=3).SerializeToString()
    picture, label = datum.decode(record)
    assert picture.shape == (3, 24, 16) and label == 3
    np.testing.assert_array_equal(image.decode(memoryview(data)), picture)


def test_16_bits_turn_too():
    """image.decode refuses them, other readers may not."""
    deep = COLOR.astype(np.uint16) * 257
    data = png(deep, exif(6))
    turned = orientation.upright(data, opencv(data, cv2.IMREAD_UNCHANGED))
    np.testing.assert_array_equal(turned, TURNED[6](deep))
