"""OpenCV: mixed distributions are told, and pictures are the same bytes in all versions."""

import hashlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
from support import REFERENCE

from caffepy.data import image, opencv

PLAIN, HEADLESS = "opencv-python", "opencv-python-headless"


def put(folder, name, version):
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (folder / "cv2").mkdir(exist_ok=True)


def test_two_versions_in_one_folder_are_told_with_their_cure(tmp_path):
    put(tmp_path, PLAIN, "5.0.0.93")
    put(tmp_path, HEADLESS, "4.14.0.94")
    found = opencv.installed(tmp_path / "cv2", [str(tmp_path)])
    assert found == {PLAIN: "5.0.0.93", HEADLESS: "4.14.0.94"}
    assert opencv.advice(found) == (
        "opencv-python 5.0.0.93 and opencv-python-headless 4.14.0.94 lie in one folder cv2, mixed. "
        "`pip uninstall -y opencv-python opencv-python-headless` and then `pip install "
        "opencv-python==5.0.0.93 opencv-python-headless==5.0.0.93` mends it.")


def test_the_newest_is_told_by_numbers():
    assert "pip install a==4.14.0.94 b==4.14.0.94" in opencv.advice(
        {"a": "4.8.1.78", "b": "4.14.0.94"})


def test_what_is_of_one_version_or_lies_elsewhere_is_fine(tmp_path):
    put(tmp_path / "a", PLAIN, "5.0.0.93")
    put(tmp_path / "a", HEADLESS, "5.0.0.93")
    put(tmp_path / "b", HEADLESS, "4.14.0.94")
    found = opencv.installed(tmp_path / "a" / "cv2", [str(tmp_path / "a"), str(tmp_path / "b")])
    assert found == dict.fromkeys((PLAIN, HEADLESS), "5.0.0.93") and opencv.advice(found) is None
    assert opencv.advice({}) is None


def test_a_program_that_reads_a_picture_hears_of_it_once(tmp_path):
    folder = str(REFERENCE / "data" / "images")
    program = (
        "from caffepy.data import image, opencv\n"
        "opencv.installed = lambda _: {'opencv-python': '5.0', 'opencv-python-headless': '4'}\n"
        f"for _ in range(2): image.read_image({folder!r} + '/cifar100_01_33.png')\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          check=True)
    assert done.stderr.count("lie in one folder cv2, mixed") == 1


def test_device_query_says_it_too(monkeypatch):
    from caffepy.services import doctor

    monkeypatch.setattr(opencv, "installed", lambda _: {PLAIN: "5.0.0.93", HEADLESS: "5.0.0.93"})
    assert not list(doctor.mixed_opencv())
    monkeypatch.setattr(opencv, "installed", lambda _: {PLAIN: "5.0.0.93", HEADLESS: "4.14.0.94"})
    ((label, words),) = doctor.mixed_opencv()
    assert label == "OpenCV is mixed" and "pip uninstall -y opencv-python" in words


def test_caffe_is_imported_without_opencv():
    program = "import sys, caffepy, caffepy.dnn; assert 'cv2' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


# -- bytes ----------------------------------------------------------------------------------------

# as OpenCV 4.8.1, 4.14.0 and 5.0.0 decode and resize them
DECODED = {None: "58407c34e366eb32", True: "77f8da96130de6c7", False: "1c89d0876ce0738e"}
RESIZED = {(32, 32): "1f48c2a27c07e48a", (194, 262): "37b476c9114e36d3",
           (227, 227): "648e47dc18fd761f", (97, 130): "6c0d53fb25924ad2"}


def digest(picture):
    return hashlib.sha256(np.ascontiguousarray(picture).tobytes()).hexdigest()[:16]


def drawn():
    """A colour picture of 97 x 131: ramps, and a wave that is fast in places."""
    y, x = np.mgrid[:97, :131]
    wave = x * y % 256
    return np.stack([x * 255 // 130, y * 255 // 96, wave]).astype(np.uint8)


@pytest.mark.parametrize("color", DECODED)
def test_files_are_decoded_to_the_same_bytes_by_all_versions(color):
    assert digest(np.frombuffer("".join(map(digest, decoded(color))).encode(), np.uint8)) \
        == DECODED[color], cv2.__version__


def decoded(color):
    """PNGs, a JPEG in CMYK, and JPEGs in colours and in gray."""
    files = [*sorted((REFERENCE / "data" / "images").iterdir()),
             REFERENCE.parent / "tools" / "cmyk.jpg"]
    jpegs = [cv2.imencode(".jpg", picture)[1].tobytes()
             for picture in (drawn().transpose(1, 2, 0), drawn()[2])]
    return [image.decode(data, color) for data in [path.read_bytes() for path in files] + jpegs]


@pytest.mark.parametrize("size", RESIZED)
def test_pictures_are_resized_to_the_same_bytes_by_all_versions(size):
    assert digest(image.resize(drawn(), *size)) == RESIZED[size], cv2.__version__
