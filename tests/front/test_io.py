"""caffepy.io and its resize_image against formulas written out."""

import math

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from caffepy import io
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound
from caffepy.proto import caffe_pb2

RNG = np.random.default_rng(1701)


# -- messages ----------------------------------------------------------------------------------


def test_arrays_become_blobprotos_and_come_back():
    array = RNG.normal(size=(2, 3, 4)).astype(np.float32)
    blob = io.array_to_blobproto(array, diff=2 * array)
    assert list(blob.shape.dim) == [2, 3, 4]
    assert_array_equal(io.blobproto_to_array(blob), array)
    assert_array_equal(io.blobproto_to_array(blob, return_diff=True), 2 * array)
    assert io.blobproto_to_array(blob).flags.writeable
    # float64 is kept where all readers look
    assert len(io.array_to_blobproto(array.astype(np.float64)).data) == 24
    double = caffe_pb2.BlobProto(double_data=[1, 2], double_diff=[3, 4])
    double.shape.dim.append(2)
    for diff in (False, True):
        assert io.blobproto_to_array(double, return_diff=diff).dtype == np.float32
    assert_array_equal(io.blobproto_to_array(double, return_diff=True), [3, 4])
    with pytest.raises(ValueError, match="one shape"):
        io.array_to_blobproto(array, diff=array[0])


def test_shapes_of_old_blobprotos_and_of_none():
    blob = caffe_pb2.BlobProto(num=1, channels=2, height=3, width=1, data=range(6))
    assert_array_equal(io.blobproto_to_array(blob), np.arange(6).reshape(1, 2, 3, 1))
    assert io.blobproto_to_array(caffe_pb2.BlobProto(data=[123])) == 123
    with pytest.raises(ValueError) as caught:  # as pycaffe
        io.blobproto_to_array(caffe_pb2.BlobProto(data=range(6)))
    assert isinstance(caught.value, CaffeError)


def test_lists_of_arrays_as_bytes():
    arrays = [RNG.normal(size=shape).astype(np.float32) for shape in ((2, 3), (1, 4, 1, 2))]
    data = io.arraylist_to_blobprotovector_str(arrays)
    for one, other in zip(io.blobprotovector_str_to_arraylist(data), arrays, strict=True):
        assert_array_equal(one, other)
    with pytest.raises(ValueError, match="no BlobProtoVector"):
        io.blobprotovector_str_to_arraylist(b"\xff\xff")


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_arrays_become_datums_and_come_back(dtype):
    array = RNG.integers(0, 256, (3, 4, 5)).astype(dtype)
    datum = io.array_to_datum(array, label=7)
    assert (datum.channels, datum.height, datum.width, datum.label) == (3, 4, 5, 7)
    assert bool(datum.data) == (dtype is np.uint8)
    back = io.datum_to_array(datum)
    assert back.dtype == dtype and back.flags.writeable
    assert_array_equal(back, array)
    assert not io.array_to_datum(array).HasField("label")
    with pytest.raises(ValueError, match="C x H x W"):
        io.array_to_datum(array[0])


# -- resizing ----------------------------------------------------------------------------------


def kernel_at(order, d):
    """The weight of a pixel that lies d beyond the place."""
    d = abs(d)
    if order == 1:
        return max(0, 1 - d)
    if d < 1:  # Keys, a = -1/2
        return 1.5 * d**3 - 2.5 * d**2 + 1
    return -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0


def resized(im, size, order, place):
    """One output pixel after the other; what lies outside counts as the lowest value."""
    low, (rows, columns, _) = im.min(), im.shape
    out = np.zeros((*size, im.shape[2]))
    for i, j in np.ndindex(size):
        y, x = place(i, rows, size[0]), place(j, columns, size[1])
        if order == 0:
            out[i, j] = im[math.floor(y + 0.5), math.floor(x + 0.5)] - low
            continue
        for row in range(rows):
            for column in range(columns):
                weight = kernel_at(order, row - y) * kernel_at(order, column - x)
                out[i, j] += weight * (im[row, column] - low)
    return np.clip(out, 0, im.max() - low) + low


def centres(i, old, new):
    return (i + 0.5) * old / new - 0.5


def corners(i, old, new):
    return i * (old - 1) / (new - 1)


@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("size", [(4, 5), (13, 17), (7, 4)])
@pytest.mark.parametrize("channels, place", [(3, centres), (1, centres), (2, corners)])
def test_resize_image_formula(order, size, channels, place):
    im = RNG.uniform(-1, 2, (7, 9, channels))
    out = io.resize_image(im, size, interp_order=order)
    assert out.dtype == np.float32 and out.shape == (*size, channels)
    assert_allclose(out, resized(im, size, order, place), rtol=1e-5, atol=1e-5)


def test_resize_image_shrinks_as_opencv_does():
    im = RNG.uniform(0, 1, (60, 80, 3)).astype(np.float32)
    expected = cv2.resize(im, (33, 24), interpolation=cv2.INTER_LINEAR)
    assert_allclose(io.resize_image(im, (24, 33)), expected, atol=1e-5)


def test_resize_image_of_one_value_and_of_no_channels():
    assert_array_equal(io.resize_image(np.full((2, 3, 3), 7), (5, 5)), np.full((5, 5, 3), 7))
    im = RNG.uniform(0, 1, (6, 4))
    assert_allclose(io.resize_image(im, (3, 2)), io.resize_image(im[:, :, None], (3, 2))[:, :, 0])
    same = io.resize_image(im, (6, 4))
    assert same is not im and same.dtype == np.float32
    for bad in (dict(interp_order=2), dict(new_dims=(0, 3)), dict(im=np.zeros((0, 2, 3)))):
        with pytest.raises(ConfigError):
            io.resize_image(**{"im": im, "new_dims": (2, 2), **bad})


# -- Transformer -------------------------------------------------------------------------------


def transformer():
    t = io.Transformer({"data": (10, 3, 4, 6)})
    t.set_transpose("data", (2, 0, 1))
    t.set_channel_swap("data", (2, 1, 0))
    t.set_raw_scale("data", 255)
    t.set_mean("data", np.array([104, 117, 123]))
    t.set_input_scale("data", 0.5)
    return t


def test_preprocess_and_back():
    picture = RNG.uniform(0, 1, (4, 6, 3)).astype(np.float32)
    before = picture.copy()
    out = transformer().preprocess("data", picture)
    assert out.dtype == np.float32 and out.shape == (3, 4, 6)
    for c, mean in enumerate((104, 117, 123)):
        assert_allclose(out[c], (picture[:, :, 2 - c] * 255 - mean) * 0.5, rtol=1e-5, atol=1e-4)
    assert_array_equal(picture, before)
    assert_allclose(transformer().deprocess("data", out[None]), picture, atol=1e-5)


def test_preprocess_resizes_first():
    picture = RNG.uniform(0, 1, (8, 9, 3))
    t = transformer()
    assert_allclose(t.preprocess("data", picture),
                    t.preprocess("data", io.resize_image(picture, (4, 6))), atol=1e-4)


def test_the_picture_given_is_left_alone():
    """The original scaled float32 pictures of the right size in place."""
    t = io.Transformer({"data": (1, 3, 4, 6)})
    t.set_raw_scale("data", 255)
    picture = RNG.uniform(0, 1, (4, 6, 3)).astype(np.float32)
    before = picture.copy()
    t.preprocess("data", picture)
    t.deprocess("data", picture)
    assert_array_equal(picture, before)


def test_nothing_set_nothing_done():
    t = io.Transformer({"data": (1, 3, 4, 6)})
    picture = RNG.uniform(0, 1, (4, 6, 3))
    assert_allclose(t.preprocess("data", picture), picture, rtol=1e-6)
    assert_allclose(t.deprocess("data", picture), picture, rtol=1e-6)


def test_orders_that_are_not_their_own_inverse_are_undone():
    t = io.Transformer({"data": (1, 3, 4, 6)})
    t.set_transpose("data", (2, 1, 0))
    t.set_channel_swap("data", (1, 2, 0))
    picture = RNG.uniform(0, 1, (4, 6, 3)).astype(np.float32)
    out = t.preprocess("data", picture)
    assert_array_equal(out, picture.transpose(2, 1, 0)[[1, 2, 0]])
    assert_array_equal(t.deprocess("data", out), picture)


def test_gray_pictures_keep_their_channel():
    t = io.Transformer({"data": (1, 1, 4, 6)})
    t.set_transpose("data", (2, 0, 1))
    picture = RNG.uniform(0, 1, (4, 6, 1)).astype(np.float32)
    out = t.preprocess("data", picture)
    assert out.shape == (1, 4, 6)
    assert_array_equal(t.deprocess("data", out[None]), picture)


def test_mean_pictures():
    t = io.Transformer({"data": (1, 3, 4, 6)})
    for mean in (RNG.uniform(0, 255, (3, 4, 6)), RNG.uniform(0, 255, (4, 6))):
        t.set_mean("data", mean)
        picture = RNG.uniform(0, 1, (4, 6, 3))
        t.set_transpose("data", (2, 0, 1))
        assert_allclose(t.preprocess("data", picture), picture.transpose(2, 0, 1) - mean,
                        rtol=1e-5)
    large = RNG.uniform(0, 255, (3, 8, 8))
    t.set_mean("data", large)
    expected = io.resize_image(large.transpose(1, 2, 0), (4, 6)).transpose(2, 0, 1)
    assert_allclose(t.mean["data"], expected, rtol=1e-6)
    for bad in (np.zeros(4), np.zeros((2, 4, 6)), np.zeros((1, 3, 4, 6))):
        with pytest.raises(ValueError, match="Mean"):  # as pycaffe
            t.set_mean("data", bad)


def test_what_does_not_fit_the_input():
    t = io.Transformer({"data": (1, 3, 4, 6)})
    with pytest.raises(ConfigError, match=r"Did you mean data\?"):
        t.preprocess("dat", np.zeros((4, 6, 3)))
    for setter, value in ((t.set_transpose, (0, 1)), (t.set_transpose, (0, 1, 1)),
                          (t.set_channel_swap, (1, 0)), (t.set_channel_swap, (0, 1, 3))):
        with pytest.raises(ConfigError, match="order"):
            setter("data", value)
    for setter in (t.set_raw_scale, t.set_input_scale):
        with pytest.raises(ConfigError, match="not one of the net inputs"):
            setter("label", 1)


# -- pictures ----------------------------------------------------------------------------------


def write(path, picture):
    assert cv2.imwrite(str(path), picture)
    return path


def test_load_image_gives_rgb_between_0_and_1(tmp_path):
    bgr = RNG.integers(0, 256, (5, 4, 3), np.uint8)
    alpha = RNG.integers(0, 256, (5, 4, 1), np.uint8)
    for name, picture in (("a.png", bgr), ("b.png", np.concatenate([bgr, alpha], 2)),
                          ("c.png", bgr.astype(np.uint16) * 257)):
        out = io.load_image(write(tmp_path / name, picture))
        assert out.dtype == np.float32 and out.shape == (5, 4, 3)
        assert_allclose(out, bgr[:, :, ::-1] / 255, rtol=1e-6)
        gray = io.load_image(tmp_path / name, color=False)
        assert gray.shape == (5, 4, 1)
        weighted = 0.2125 * bgr[:, :, 2] + 0.7154 * bgr[:, :, 1] + 0.0721 * bgr[:, :, 0]
        assert_allclose(gray[:, :, 0], weighted / 255, rtol=1e-5)


def test_load_image_of_gray_files(tmp_path):
    gray = RNG.integers(0, 256, (5, 4), np.uint8)
    path = write(tmp_path / "gray.png", gray)
    assert_allclose(io.load_image(path, color=False)[:, :, 0], gray / 255, rtol=1e-6)
    assert_allclose(io.load_image(str(path)), np.stack([gray] * 3, 2) / 255, rtol=1e-6)


def test_load_image_of_no_picture(tmp_path):
    with pytest.raises(NotFound, match="missing.png"):
        io.load_image(tmp_path / "missing.png")
    for content in (b"", b"no picture"):
        (tmp_path / "bad.png").write_bytes(content)
        with pytest.raises(DataError, match="bad.png"):
            io.load_image(tmp_path / "bad.png")


def test_oversample_takes_corners_middle_and_mirrors():
    images = [RNG.uniform(0, 1, (7, 10, 3)).astype(np.float32) for _ in range(2)]
    crops = io.oversample(images, (4, 5))
    assert crops.shape == (20, 4, 5, 3) and crops.dtype == np.float32
    for n, im in enumerate(images):
        expected = [im[:4, :5], im[:4, 5:], im[3:, :5], im[3:, 5:], im[1:5, 2:7]]
        expected += [crop[:, ::-1] for crop in expected]
        assert_array_equal(crops[10 * n : 10 * n + 10], expected)
    with pytest.raises(ValueError, match="larger"):
        io.oversample(images, (8, 5))
    with pytest.raises(ValueError, match="one shape"):
        io.oversample([images[0], images[1][1:]], (4, 5))


def colour(**shapes):
    t = io.Transformer({"data": (1, 3, 4, 4), **shapes})
    t.set_transpose("data", (2, 0, 1))
    return t


def gray():
    t = io.Transformer({"data": (1, 1, 4, 4)})
    t.set_transpose("data", (2, 0, 1))
    return t


def with_mean(t, mean=(1.0, 2.0, 3.0)):
    t.set_mean("data", np.array(mean))
    return t


def swapped(t):
    t.set_channel_swap("data", (2, 1, 0))
    return t


@pytest.mark.parametrize("act, words", [
    (lambda: colour().preprocess("data", np.zeros((6, 8))), "has 3 channels, the picture none"),
    (lambda: with_mean(colour()).preprocess("data", np.zeros((6, 8, 1))),
     r"3 channels, the picture 1 .*load_image\(file, color=True\)"),
    (lambda: swapped(colour()).preprocess("data", np.zeros((6, 8, 1))), "3 channels, the picture"),
    (lambda: colour().preprocess("data", np.zeros((6, 8, 4))), r"the picture 4 .*\[:, :, :3\]"),
    (lambda: colour().preprocess("data", np.zeros((3, 6, 8))), "K x H x W already"),
    (lambda: gray().preprocess("data", np.zeros((6, 8, 3))),
     r"'data' has 1 channel, the picture 3 .*color=False"),
    (lambda: gray().preprocess("data", np.zeros((6, 8))), "picture none"),
    (lambda: colour().preprocess("data", np.zeros((2, 6, 8, 3))), "one by one"),
    (lambda: colour().preprocess("data", np.zeros((0, 8, 3))), "no picture"),
    (lambda: colour().preprocess("data", "cat.jpg"), r"load_image\(file\)"),
    (lambda: colour().preprocess("data", None), "no picture"),
    (lambda: colour().preprocess("data", [[1, 2], [3]]), "no picture"),
    (lambda: colour().preprocess("date", np.zeros((6, 8, 3))), "Did you mean data"),
    (lambda: with_mean(io.Transformer({"data": (1, 3, 4, 4)})).preprocess(
        "data", np.zeros((4, 4, 3))), "set_transpose"),
    (lambda: with_mean(colour()).deprocess("data", np.zeros((1, 4, 4))), "not what the net's"),
    (lambda: with_mean(colour()).deprocess("data", np.zeros((2, 3, 4, 4))), r"data\[0\]"),
    (lambda: with_mean(colour(), np.zeros((3, 4, 4))).deprocess("data", np.zeros((3, 5, 5))),
     "another size"),
    (lambda: swapped(colour()).deprocess("data", np.zeros((4, 4))), "not what the net's input"),
    (lambda: colour().set_mean("data", "mean.npy"), r"Mean given by a file's name .*np\.load"),
    (lambda: colour().set_mean("data", io.array_to_blobproto(np.zeros((1, 3, 4, 4)))), "BlobProto"),
    (lambda: colour().set_mean("data", np.zeros((1, 3, 4, 4))), r"mean\[0\]"),
    (lambda: colour().set_mean("data", np.zeros((4, 4, 3))), r"transpose\(2, 0, 1\)"),
    (lambda: colour().set_mean("data", np.zeros((3, 0, 4))), "Mean shape invalid"),
    (lambda: gray().set_mean("data", np.zeros(3)), "Mean channels incompatible"),
    (lambda: gray().set_channel_swap("data", (2, 1, 0)), "as many channels"),
    (lambda: colour().set_channel_swap("data", 3), "as many channels"),
    (lambda: colour().set_transpose("data", "2,0,1"), "the order"),
    (lambda: colour().set_transpose("data", None), "the order"),
    (lambda: colour().set_raw_scale("data", "255"), "is a number"),
    (lambda: colour().set_input_scale("data", None), "is a number"),
    (lambda: colour().set_input_scale("label", 1), "not one of the net inputs"),
    (lambda: io.Transformer({"data": 3}), r"net\.blobs\[\"data\"\]\.data\.shape"),
    (lambda: io.Transformer([(1, 3, 4, 4)]), "by name"),
    (lambda: io.resize_image("cat.jpg", (2, 2)), "array of numbers"),
])
def test_what_a_transformer_says(act, words):
    with pytest.raises(ConfigError, match=words) as error:
        act()
    assert isinstance(error.value, ValueError)


def test_one_channel_may_stand_for_all():
    """As in pycaffe: the blob takes it by broadcasting."""
    assert colour().preprocess("data", np.ones((4, 4, 1))).shape == (1, 4, 4)
    assert with_mean(colour(), np.ones((1, 4, 4))).preprocess("data", np.ones((4, 4, 1))).sum() == 0
