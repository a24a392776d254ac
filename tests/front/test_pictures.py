"""load_image: from wherever scripts take pictures, and what it says of those it cannot read."""

import http.server
import io as std_io
import struct
import threading
import time

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from caffepy import io
from caffepy.errors import CaffeError, DataError, NotFound

BGR = np.random.default_rng(5).integers(0, 256, (4, 6, 3), np.uint8)
RGB = BGR[:, :, ::-1] / np.float32(255)
PNG = cv2.imencode(".png", BGR)[1].tobytes()


def upright(orientation, picture):
    """A JPEG with EXIF's note on how it lies, as phones write it."""
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    exif = b"Exif\0\0II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, orientation, 0)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/p.png":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(PNG)
        else:
            self.send_error(404 if self.path == "/none.png" else 503)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "p.png"
    path.write_bytes(PNG)
    return path


SOURCES = {
    "path": lambda path, server: str(path),
    "pathlib": lambda path, server: path,
    "path as bytes": lambda path, server: str(path).encode(),
    "BytesIO": lambda path, server: std_io.BytesIO(PNG),
    "bytes": lambda path, server: PNG,
    "bytearray": lambda path, server: bytearray(PNG),
    "memoryview": lambda path, server: memoryview(PNG),
    "http": lambda path, server: f"{server}/p.png",
    "HTTP": lambda path, server: f"{server}/p.png".replace("http", "HTTP"),
    "file": lambda path, server: path.as_uri(),
}


@pytest.mark.parametrize("what", SOURCES)
def test_a_picture_from_anywhere(what, path, server):
    source = SOURCES[what]
    assert_allclose(io.load_image(source(path, server)), RGB, rtol=1e-6)
    gray = io.load_image(source(path, server), color=False)
    assert_allclose(gray[:, :, 0], RGB @ [0.2125, 0.7154, 0.0721], rtol=1e-5)


def test_open_files_wherever_they_stand(path):
    with open(path, "rb") as file:
        assert_allclose(io.load_image(file), RGB, rtol=1e-6)
        assert_allclose(io.load_image(file, color=True), RGB, rtol=1e-6)  # at its end by now
    written = std_io.BytesIO()
    written.write(PNG)  # and not rewound
    assert_allclose(io.load_image(written), RGB, rtol=1e-6)
    with open(path, encoding="latin-1") as file, pytest.raises(DataError, match='"rb"'):
        io.load_image(file)


@pytest.mark.parametrize("source, kind, words", [
    ("missing.png", NotFound, "File not found: missing.png"),
    ("file:///no/such/p.png", NotFound, "File not found"),
    ("/none.png", NotFound, "none.png: the server does not give the picture: 404"),
    ("/busy.png", DataError, "busy.png: the server does not give the picture: 503"),
    ("http://127.0.0.1:1/p.png", DataError, "127.0.0.1:1/p.png: the address cannot be read"),
    ("http://[/p.png", DataError, "the address cannot be read"),
    (b"", DataError, "the bytes given: not a picture: there is not a byte in it"),
    (b"no picture", DataError, "the bytes given: not a picture that can be decoded"),
    (std_io.BytesIO(b"no picture"), DataError, "BytesIO: not a picture"),
    (np.zeros((4, 4, 3)), DataError, "An array is a picture already"),
    (None, DataError, "takes a path, an address, an open file"),
    (PNG[:16] + b"\xff\xff\xff\xff" + PNG[20:], DataError, "the bytes given"),
])
def test_what_cannot_be_read(source, kind, words, server):
    if isinstance(source, str) and source.startswith("/"):
        source = server + source
    with pytest.raises(OSError) as error:  # which old scripts catch
        io.load_image(source)
    assert isinstance(error.value, kind) and isinstance(error.value, CaffeError)
    assert words in str(error.value)


def test_a_silent_server(monkeypatch):
    import socket

    monkeypatch.setattr("caffepy.pictures.PATIENCE", 0.2)
    start = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(DataError, match="timed out"):
            io.load_image(f"http://127.0.0.1:{silent.getsockname()[1]}/p.png")
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(orientation):
    picture = cv2.resize(BGR, (48, 32), interpolation=cv2.INTER_CUBIC)
    data = upright(orientation, picture)
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)  # as ImageData does
    assert expected.shape[:2] == ((32, 48) if orientation < 5 else (48, 32))
    assert_array_equal(io.load_image(data), expected[:, :, ::-1] / np.float32(255))
    assert io.load_image(data, color=False).shape == (*expected.shape[:2], 1)


def encoded(extension, picture):
    plain = [cv2.IMWRITE_TIFF_COMPRESSION, 1]  # of floats 4.8 keeps a part by itself
    return cv2.imencode(extension, picture, plain if extension == ".tiff" else [])[1].tobytes()


GRAY = BGR[:, :, :1]


@pytest.mark.parametrize("data, rgb", [
    (encoded(".png", np.concatenate([BGR, GRAY], 2)), RGB),  # with alpha
    (encoded(".png", BGR.astype(np.uint16) * 257), RGB),
    (encoded(".png", GRAY), np.repeat(GRAY, 3, 2) / 255),
    (encoded(".png", GRAY.astype(np.uint16) * 257), np.repeat(GRAY, 3, 2) / 255),
    (encoded(".tiff", RGB[:, :, ::-1]), RGB),
    (encoded(".bmp", BGR), RGB),
])
def test_kinds_of_pictures(data, rgb):
    out = io.load_image(data)
    assert out.dtype == np.float32 and out.flags.c_contiguous
    assert_allclose(out, rgb, rtol=1e-6)
    assert io.load_image(data, color=False).shape == (4, 6, 1)


# two frames of 1 x 1 pixels and a palette of two colours, the first (10, 20, 30)
GIF = (b"GIF89a\1\0\1\0\x80\0\0\x0a\x14\x1e\xff\xff\xff"
       + b"\x21\xf9\4\0\0\0\0\0\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
       + b"\x21\xf9\4\0\0\0\0\0\x2c\0\0\0\0\1\0\1\0\0\2\2\x4c\1\0" + b"\x3b")


@pytest.mark.skipif(not cv2.haveImageReader("p.gif") and tuple(
    map(int, cv2.__version__.split(".")[:2])) < (4, 11), reason="this OpenCV reads no GIF")
def test_the_first_picture_of_an_animation():
    assert_allclose(io.load_image(GIF), np.array([[[10, 20, 30]]]) / 255, rtol=1e-6)
