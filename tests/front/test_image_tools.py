"""What scripts reach through caffe.io: scikit-image and SciPy, or what stands in for them.

The numbers are scikit-image 0.26's and SciPy 1.17's, asked for the ways of old: no smoothing, zero
outside.
"""

import sys
import types

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from caffepy import image_tools, io
from caffepy.errors import CaffeError

A = np.arange(12, dtype=float).reshape(3, 4) / 11


@pytest.fixture
def bare(monkeypatch):
    """caffepy.io where neither scikit-image nor SciPy is installed."""
    for name in ("skimage", "skimage.io", "skimage.transform", "skimage.color", "scipy",
                 "scipy.ndimage"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("skimage", "resize", "zoom"):
        monkeypatch.delitem(vars(io), name, raising=False)
    yield io
    for name in ("skimage", "resize", "zoom"):
        vars(io).pop(name, None)


def test_what_scripts_reach_through_io(bare, tmp_path):
    """As Columbia's extractors and their like do."""
    picture = (np.random.default_rng(1).random((5, 6, 4)) * 255).astype(np.uint8)
    bare.skimage.io.imsave(str(tmp_path / "a.png"), picture)
    assert_array_equal(bare.skimage.io.imread(tmp_path / "a.png"), picture)
    as_float = bare.skimage.img_as_float(picture).astype(np.float32)[:, :, :-1]
    assert_allclose(as_float, picture[:, :, :3] / 255, rtol=1e-6)
    assert bare.resize(as_float, (3, 2, 3)).shape == (3, 2, 3)
    assert bare.zoom(picture, (2, 2, 1)).shape == (10, 12, 4)
    assert bare.skimage.transform.resize is bare.resize
    assert bare.np is np and bare.caffe_pb2.Datum()
    with pytest.raises(AttributeError, match="nothing"):
        bare.nothing  # noqa: B018


def test_the_real_ones_where_they_are_installed(monkeypatch):
    for name in ("skimage", "skimage.io", "skimage.transform", "skimage.color", "scipy",
                 "scipy.ndimage"):
        module = types.ModuleType(name)
        module.resize = module.zoom = name
        monkeypatch.setitem(sys.modules, name, module)
    for name in ("skimage", "resize", "zoom"):
        monkeypatch.delitem(vars(io), name, raising=False)
    assert io.skimage is sys.modules["skimage"]
    assert (io.resize, io.zoom) == ("skimage.transform", "scipy.ndimage")
    for name in ("skimage", "resize", "zoom"):
        del vars(io)[name]


def test_resize_mixes_with_the_outside_and_clips():
    out = image_tools.resize(A, (6, 4), clip=False)
    assert_allclose(out[:2], [0.75 * A[0], 0.75 * A[0] + 0.25 * A[1]])
    assert_allclose(image_tools.resize(A + 1, (6, 4))[0], A.min() + 1)  # never below what was there
    assert_allclose(image_tools.resize(A, (6, 4), mode="edge")[0], A[0])
    assert_allclose(image_tools.resize(A, (6, 4), cval=1, clip=False)[0], 0.75 * A[0] + 0.25)
    assert_allclose(image_tools.resize(A, (1, 4)), A[1:2])
    smooth = image_tools.resize(A, (1, 4), anti_aliasing=True, mode="edge")
    assert_allclose(smooth, A[1:2], atol=1e-9)  # of a slope the middle stays
    assert_allclose(image_tools.resize(A[:, ::2], (3, 1), anti_aliasing=True, mode="edge"),
                    A[:, ::2].mean(1, keepdims=True), atol=1e-9)
    outside = image_tools.resize(A + 1, (1, 2), anti_aliasing=True, clip=False)
    assert_allclose(outside, [[1.18397328, 1.32301101]], rtol=1e-8)  # scikit-image's numbers


@pytest.mark.parametrize("mode, row", [
    ("edge", [0, 0, 0, 1, 2, 2]), ("symmetric", [1, 0, 0, 1, 2, 2]),
    ("reflect", [2, 1, 0, 1, 2, 1]), ("wrap", [1, 2, 0, 1, 2, 0])])
def test_modes(mode, row):
    from caffepy.resize import along

    assert_allclose(along(np.arange(3.0), 0, np.arange(-2.0, 4.0), 1, mode), row)


def test_whole_numbers_and_ranges():
    u = np.array([[0, 128], [255, 64]], np.uint8)
    assert_allclose(image_tools.resize(u, (2, 1)), u.mean(1, keepdims=True) / 255)
    assert_allclose(image_tools.resize(u, (2, 1), preserve_range=True), u.mean(1, keepdims=True))
    assert image_tools.resize(u.astype(np.float32), (2, 1)).dtype == np.float32
    assert_array_equal(image_tools.img_as_ubyte(u / 255), u)
    assert_array_equal(image_tools.img_as_ubyte(u.astype(np.uint16) * 257), u)
    with pytest.raises(ValueError, match="between -1 and 1"):
        image_tools.img_as_ubyte(np.array([[255.0]]))
    assert_allclose(image_tools.rgb2gray(np.full((1, 1, 3), 51, np.uint8)), 0.2)
    assert image_tools.gray2rgb(u).shape == (2, 2, 3)
    assert image_tools.gray2rgb(u[:, :, None]).shape == (2, 2, 3)


def test_rescale_and_rotate():
    assert image_tools.rescale(np.zeros((5, 8, 3)), 0.5).shape == (2, 4, 3)
    assert image_tools.rescale(np.zeros((5, 8)), (2, 1)).shape == (10, 8)
    assert_allclose(image_tools.rotate(A, 90, resize=True), np.rot90(A), atol=1e-12)
    assert_allclose(image_tools.rotate(A, 180), A[::-1, ::-1], atol=1e-12)
    turned = image_tools.rotate(np.ones((9, 9)), 45)
    assert turned[4, 4] == pytest.approx(1) and turned[0, 0] == 0


def test_zoom_is_a_spline_through_the_values():
    x = np.array([0.0, 1, 0, 2, 1])
    assert_allclose(image_tools.zoom(x, 9 / 5)[::2], x, atol=1e-12)
    # SciPy's numbers
    assert_allclose(image_tools.zoom(x, 9 / 5)[1::2], [0.520089286, 0.399553571, 1.00669643,
                                                       1.57366071], atol=1e-7)
    bytes_ = np.array([0, 255], np.uint8)
    assert_array_equal(image_tools.zoom(bytes_, 2, order=1), [0, 85, 170, 255])
    with pytest.raises(CaffeError, match="Install SciPy"):
        image_tools.zoom(x, 2, order=5)


def test_what_cannot_be_written_or_resized(tmp_path):
    with pytest.raises(OSError, match="cannot be written"):
        image_tools.imsave(tmp_path / "none" / "a.png", A)
    with pytest.raises(ValueError, match="cannot be written"):
        image_tools.imsave(tmp_path / "a.nothing", A)
    for bad in (np.zeros((3, 4, 5, 6)), np.zeros((3, 4, 2))):
        with pytest.raises(ValueError, match="no picture"):
            image_tools.imsave(tmp_path / "a.png", bad)
    with pytest.raises(ValueError, match="cannot be resized"):
        image_tools.resize(A, (3, 4, 3))
    with pytest.raises(ValueError, match="order"):
        image_tools.resize(A, (2, 2), order=2)
    image_tools.imsave(tmp_path / "f.png", A)
    assert_array_equal(cv2.imread(str(tmp_path / "f.png"), 0), np.rint(A * 255))
