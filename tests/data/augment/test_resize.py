import cv2
import numpy as np
import pytest

from caffepy.data.augment.boxes import NONE, PLACE
from caffepy.data.augment.resize import Resize, Resizes
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError, ShapeError
from caffepy.proto import caffe_pb2, text

RNG = np.random.default_rng(1701)
WIDE = RNG.integers(0, 256, (20, 40, 3), np.uint8)
TALL = RNG.integers(0, 256, (40, 20, 3), np.uint8)
MODES = {"LINEAR": cv2.INTER_LINEAR, "AREA": cv2.INTER_AREA, "NEAREST": cv2.INTER_NEAREST,
         "CUBIC": cv2.INTER_CUBIC, "LANCZOS4": cv2.INTER_LANCZOS4}


def param(words):
    made = caffe_pb2.ResizeParameter()
    text.parse(words, made)
    return made


def run(words, pixels=WIDE, boxes=NONE, number=0):
    return Resize(param(words))(pixels, boxes, Dice(5, number))


def box(*place):
    return np.array([[1, 0, *place, 0]], np.float32)


@pytest.mark.parametrize("mode", MODES)
def test_warp(mode):
    made, boxes = run(f"height: 13 width: 17 interp_mode: {mode}", boxes=box(0.1, 0.2, 0.5, 1))
    np.testing.assert_array_equal(made, cv2.resize(WIDE, (17, 13), interpolation=MODES[mode]))
    np.testing.assert_allclose(boxes, box(0.1, 0.2, 0.5, 1), rtol=1e-6)


def test_linear_unless_told():
    np.testing.assert_array_equal(run("height: 13 width: 17")[0], cv2.resize(WIDE, (17, 13)))


def test_one_of_several_interpolations_for_each_picture():
    words = "height: 13 width: 17 " + " ".join(f"interp_mode: {mode}" for mode in MODES)
    counts = dict.fromkeys(MODES, 0)
    for number in range(300):
        made, _ = run(words, number=number)
        for mode, how in MODES.items():
            counts[mode] += np.array_equal(made, cv2.resize(WIDE, (17, 13), interpolation=how))
    assert sum(counts.values()) == 300
    assert 35 < min(counts.values()) and max(counts.values()) < 90  # 60 expected


@pytest.mark.parametrize("pixels, size", [(WIDE, (13, 26)), (TALL, (34, 17))])
def test_fit_small_size_covers(pixels, size):
    made, boxes = run("resize_mode: FIT_SMALL_SIZE height: 13 width: 17", pixels,
                      box(0.1, 0.2, 0.5, 1))
    np.testing.assert_array_equal(made, cv2.resize(pixels, size[::-1]))
    np.testing.assert_allclose(boxes, box(0.1, 0.2, 0.5, 1), rtol=1e-6)


BORDERS = {"CONSTANT": cv2.BORDER_CONSTANT, "MIRRORED": cv2.BORDER_REFLECT_101,
           "REPEAT_NEAREST": cv2.BORDER_REPLICATE}


@pytest.mark.parametrize("mode", BORDERS)
def test_fit_large_size_and_pad(mode):
    words = f"resize_mode: FIT_LARGE_SIZE_AND_PAD height: 24 width: 30 pad_mode: {mode}"
    given = box(0.1, 0.2, 0.5, 1)
    # 30 / 2 = 15 rows of 24; 4 above, 5 below
    made, boxes = run(f"{words} pad_value: 1 pad_value: 2 pad_value: 3", WIDE, given)
    np.testing.assert_array_equal(made, cv2.copyMakeBorder(
        cv2.resize(WIDE, (30, 15)), 4, 5, 0, 0, BORDERS[mode], value=(1, 2, 3)))
    np.testing.assert_allclose(
        boxes, box(0.1, (4.5 + 0.2 * 15) / 24, 0.5, (4.5 + 15) / 24), rtol=1e-5)
    # 24 / 2 = 12 columns of 30; 9 left and right
    made, boxes = run(f"{words} pad_value: 7", TALL, given)
    np.testing.assert_array_equal(made, cv2.copyMakeBorder(
        cv2.resize(TALL, (12, 24)), 0, 0, 9, 9, BORDERS[mode], value=(7, 7, 7)))
    np.testing.assert_allclose(
        boxes, box((9 + 0.1 * 12) / 30, 0.2, (9 + 0.5 * 12) / 30, 1), rtol=1e-5)


def test_gray_pictures():
    gray = WIDE[..., 0].copy()
    made, _ = run("resize_mode: FIT_LARGE_SIZE_AND_PAD height: 24 width: 30 pad_value: 9", gray)
    np.testing.assert_array_equal(made, cv2.copyMakeBorder(
        cv2.resize(gray, (30, 15)), 4, 5, 0, 0, cv2.BORDER_CONSTANT, value=9))
    with pytest.raises(ShapeError, match="pad_value must be given once.*2 values for 1 channels"):
        run("resize_mode: FIT_LARGE_SIZE_AND_PAD height: 9 width: 9 pad_value: [1, 2]", gray)


def test_boxes_do_not_leave_the_picture():
    for mode in ("WARP", "FIT_SMALL_SIZE"):
        _, boxes = run(f"resize_mode: {mode} height: 10 width: 10", WIDE, box(-0.5, -1, 1.5, 2))
        assert boxes[0, PLACE].tolist() == [0, 0, 1, 1]


def test_scales_count_for_fit_small_size_alone():
    resize = Resize(param("resize_mode: FIT_SMALL_SIZE height: 13 width: 17 "
                          "height_scale: 10 width_scale: 12"))
    # a fraction of a pixel is rounded off: 17 * 41 / 21 = 33.19 rows, of which 33 are there
    np.testing.assert_allclose(resize.stretch(41, 21), [1 / 12, 17 * 41 / 21 / 33 / 10], rtol=1e-6)
    for words in ("height: 13 width: 17 height_scale: 10 width_scale: 12",
                  "resize_mode: FIT_SMALL_SIZE height: 13 width: 17 height_scale: 10"):
        assert Resize(param(words)).stretch(41, 21) is None


def test_one_of_several_for_each_batch():
    sizes = (8, 9, 10)
    probs = (0.2, 0.5, 0.3)
    resizes = Resizes([param(f"height: {size} width: {size} prob: {prob}")
                       for size, prob in zip(sizes, probs, strict=True)])
    drawn = [resizes.of_batch(Dice(5, start)).param.height for start in range(0, 4000, 4)]
    for size, prob in zip(sizes, probs, strict=True):
        assert abs(drawn.count(size) / 1000 - prob) < 0.06  # standard deviation 0.016 at most
    one = Resizes([param("height: 3 width: 3 prob: 0.1")])
    assert one.of_batch(Dice(5, 0)).param.height == 3


@pytest.mark.parametrize("words, message", [
    ("height: 3", "needs height and width .found 3 x 0"),
    ("height: 3 width: 3 jitter: 0.2", "jitter is not obeyed"),
])
def test_what_cannot_be(words, message):
    with pytest.raises(ConfigError, match=message):
        Resize(param(words))


@pytest.mark.parametrize("probs", [(0.5, 0.4), (1, 1), (-0.5, 1.5)])
def test_probabilities_add_up_to_one(probs):
    with pytest.raises(ConfigError, match="prob must add up to 1 .found"):
        Resizes([param(f"height: 3 width: 3 prob: {prob}") for prob in probs])
