"""Random sizes, stretches and windows: by their formulas, and by how they spread."""

from math import ceil

import cv2
import numpy as np
import pytest

from caffepy.data.augment.area import OriginalImage, RandomAspectRatio
from caffepy.data.augment.boxes import NONE, PLACE
from caffepy.data.augment.corners import Corners
from caffepy.data.augment.short_side import MinSide, RandomResize
from caffepy.data.augment.stretch import Stretch
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError, ShapeError
from caffepy.proto import caffe_pb2, text

RNG = np.random.default_rng(1701)
PICTURE = RNG.integers(0, 256, (60, 90, 3), np.uint8)
TALL = np.ascontiguousarray(PICTURE.transpose(1, 0, 2))
LABELS = RNG.integers(0, 20, (60, 90), np.uint8)
MANY = range(400)


def param(words):
    made = caffe_pb2.TransformationParameter()
    text.parse(words, made)
    return made


def parts(change, height=60, width=90, numbers=MANY):
    return [change.part(height, width, Dice(7, number)) for number in numbers]


def test_a_part_of_picture_labels_and_boxes():
    change = RandomAspectRatio(param("random_aspect_ratio_param { }").random_aspect_ratio_param, 32)
    boxes = np.array([[1, 0, 0.25, 0.25, 0.75, 0.75, 0]], np.float32)
    for number in range(30):
        made, moved = change(PICTURE, boxes, Dice(7, number))
        top, left, tall, wide, *_ = change.part(60, 90, Dice(7, number))
        cut = PICTURE[top : top + tall, left : left + wide]
        np.testing.assert_array_equal(made, cv2.resize(cut, (32, 32)))
        low = np.clip((np.array([22.5, 15]) - (left, top)) / (wide, tall), 0, 1)
        high = np.clip((np.array([67.5, 45]) - (left, top)) / (wide, tall), 0, 1)
        np.testing.assert_allclose(moved[:, PLACE], [[*low, *high]], atol=1e-5)
        labels = change.labels(LABELS, Dice(7, number), 255)
        inside = LABELS[top : top + tall, left : left + wide]
        np.testing.assert_array_equal(
            labels, cv2.resize(inside, (32, 32), interpolation=cv2.INTER_NEAREST))


# -- twtygqyy and Intel: the shorter side ---------------------------------------------------------


def test_min_side():
    change = MinSide(41, 41, "min_side")
    assert change(PICTURE, NONE, Dice(7, 0))[0].shape == (41, ceil(90 / (60 / 41)), 3)
    assert change(TALL, NONE, Dice(7, 0))[0].shape == (ceil(90 / (60 / 41)), 41, 3)
    np.testing.assert_array_equal(change(PICTURE, NONE, Dice(7, 0))[0],
                                  cv2.resize(PICTURE, (62, 41)))
    assert MinSide(60, 60, "min_side").part(60, 90, Dice(7, 0)) is None


def test_min_side_min_and_max():
    counts = np.bincount([part.tall for part in parts(MinSide(30, 34, "min"))], minlength=35)
    assert counts[30:].sum() == 400 and counts[30:].min() > 50  # 80 expected, deviation 8


def random_resize(words):
    return RandomResize(param(f"random_resize_param {{ {words} }}").random_resize_param)


def test_random_resize():
    change = random_resize("min_size: 20 max_size: 24 resize_param { interp_mode: CUBIC }")
    found = parts(change)
    assert {part.tall for part in found} == set(range(20, 25))
    assert all(part.wide == int(90 / 60 * part.tall) and part.how == cv2.INTER_CUBIC
               for part in found)
    assert all(part.wide < part.tall for part in parts(change, 90, 60))
    sides = [60 if part is None else part.tall for part in parts(random_resize(""))]
    assert min(sides) == 60 and max(sides) == 90, "the picture's own, where no bound is given"


def test_one_of_several_interpolations():
    change = random_resize("min_size: 20 max_size: 20 resize_param { interp_mode: CUBIC "
                           "interp_mode: AREA }")
    how = [part.how for part in parts(change)]
    assert set(how) == {cv2.INTER_CUBIC, cv2.INTER_AREA} and 150 < how.count(cv2.INTER_AREA) < 250


# -- NVIDIA ---------------------------------------------------------------------------------------


def stretches(words, height=60, width=90, numbers=MANY):
    return parts(Stretch(param(words)), height, width, numbers)


def test_img_rand_resize():
    found = stretches("img_rand_resize_lower: 30 img_rand_resize_upper: 33 crop_size: 20")
    assert {(part.tall, part.wide) for part in found} == {(30, 45), (31, 47), (32, 48), (33, 50)}
    assert {part.how for part in found} == {cv2.INTER_NEAREST}
    assert stretches("img_rand_resize_lower: 30", numbers=[0]) == [None]


def test_no_side_grows_unless_allowed():
    words = "img_rand_resize_lower: 80 img_rand_resize_upper: 80"
    assert stretches(words, numbers=[0]) == [None]
    (part,) = stretches(f"{words} allow_upscale: true", numbers=[0])
    assert (part.tall, part.wide, part.how) == (80, 120, cv2.INTER_CUBIC)
    (part,) = stretches(f"{words} allow_upscale: true interpolation_algo_up: INTER_AREA",
                        numbers=[0])
    assert part.how == cv2.INTER_AREA
    (part,) = stretches("img_rand_resize_lower: 20 img_rand_resize_upper: 20 crop_size: 25 "
                        "interpolation_algo_down: INTER_LINEAR", numbers=[0])
    assert (part.tall, part.wide, part.how) == (25, 30, cv2.INTER_LINEAR)


def test_ratio_and_stretches():
    words = "img_rand_resize_lower: 40 img_rand_resize_upper: 40 "
    found = stretches(f"{words} rand_resize_ratio_lower: 1 rand_resize_ratio_upper: 1.5")
    assert {part.tall for part in found} == {40}
    wide = np.array([part.wide for part in found])
    assert wide.min() == 40 and wide.max() == 60 and abs(wide.mean() - 50) < 1.5
    square = stretches(f"{words} rand_resize_ratio_lower: 1.5 rand_resize_ratio_upper: 1.5", 60, 60)
    assert {(part.tall, part.wide) for part in square} == {(40, 60), (60, 40)}
    found = stretches(f"{words} vertical_stretch_lower: 0.5 vertical_stretch_upper: 1 "
                      "horizontal_stretch_lower: 0.9 horizontal_stretch_upper: 0.9")
    assert {part.wide for part in found} == {54}
    tall = np.array([part.tall for part in found])
    assert tall.min() == 20 and tall.max() == 40 and abs(tall.mean() - 30) < 1.2


# -- Intel: area and shape ------------------------------------------------------------------------


def aspect(words, side=32):
    return RandomAspectRatio(
        param(f"random_aspect_ratio_param {{ {words} }}").random_aspect_ratio_param, side)


def test_areas_and_shapes():
    found = parts(aspect("min_area_ratio: 0.1 max_area_ratio: 0.5 aspect_ratio_change: 0.8"),
                  600, 900, range(2000))
    share = np.array([part.height * part.width for part in found]) / (600 * 900)
    assert 0.098 < share.min() < 0.104 and 0.496 < share.max() < 0.501
    assert abs(share.mean() - 0.3) < 0.01  # standard deviation 0.0026
    shape = np.array([part.height / part.width for part in found])
    assert 0.63 < shape.min() < 0.66 and 1.52 < shape.max() < 1.57  # 0.8 ** 2 and its inverse
    assert 0.45 < (shape > 1).mean() < 0.55
    assert all(0 <= part.top <= 600 - part.height and 0 <= part.left <= 900 - part.width
               for part in found)
    place = np.array([part.left / (900 - part.width) for part in found])
    assert place.min() < 0.02 and place.max() > 0.98 and abs(place.mean() - 0.5) < 0.03


def test_a_window_by_its_formula():
    """From the draws in turn: share, factor, which is the height, row, column."""
    change = aspect("min_area_ratio: 0.1 max_area_ratio: 0.3 aspect_ratio_change: 0.5")
    for number in range(200):
        dice = Dice(7, number)
        share, factor = (low + dice.below(count) / 1000 for low, count in (
            (np.float32(0.1), int(np.float64(np.float32(0.3)) * 1000
                                  - np.float64(np.float32(0.1)) * 1000 + 1)), (0.5, 1501)))
        tall, wide = int(np.sqrt(share * 540000) * factor), int(np.sqrt(share * 540000) / factor)
        if dice.below(1001) / 1000 < 0.5:
            tall, wide = wide, tall
        found = change.part(600, 900, Dice(7, number))
        if tall <= 600 and wide <= 900:
            assert abs(found.height - tall) <= 1 and abs(found.width - wide) <= 1  # of rounding
            assert (found.top, found.left) == (dice.below(600 - found.height + 1),
                                               dice.below(900 - found.width + 1))


def test_after_so_many_that_do_not_fit_the_shorter_side_becomes_crop_size():
    change = aspect("min_area_ratio: 1 aspect_ratio_change: 0.5 max_attempt: 3")
    found = parts(change, 20, 90, range(50))
    assert {part[:6] for part in found} == {(0, 0, 20, 90, 32, 144)}
    assert {part[:6] for part in parts(change, 90, 20, range(50))} == {(0, 0, 90, 20, 144, 32)}


# -- yjxiong --------------------------------------------------------------------------------------


def test_original_image():
    found = parts(OriginalImage(32, at_random=True), 800, 800, range(1500))
    share = np.array([part.height * part.width for part in found]) / 800**2
    assert 0.595 < share.min() < 0.61 and 0.97 < share.max() <= 1
    shape = np.array([part.width / part.height for part in found])
    fell_back = share == 700 * 700 / 800**2
    assert (shape[~fell_back] >= 0.797).all() and (shape[~fell_back] <= 1.253).all()
    assert {part[4:] for part in found} == {(32, 32, cv2.INTER_CUBIC)}
    (middle,) = parts(OriginalImage(32, at_random=False), numbers=[0])
    assert middle == (4, 6, 49, 77, 32, 32, cv2.INTER_CUBIC)


def test_corners():
    words = "crop_size: 50 fix_crop: true"
    quarters = (10 // 4, 40 // 4)
    found = {part[:4] for part in parts(Corners(param(words)))}
    places = [(0, 0), (0, 4), (4, 0), (4, 4), (2, 2)]
    assert found == {(i * quarters[0], j * quarters[1], 50, 50) for i, j in places}
    assert len({part[:4] for part in parts(Corners(param(f"{words} more_fix_crop: true")))}) == 13
    change = Corners(param("crop_size: 50 multi_scale: true scale_ratios: 1 scale_ratios: 0.8 "
                           "scale_ratios: 0.5 max_distort: 1"))
    sizes = {part[2:4] for part in parts(change)}
    assert sizes == {(60, 60), (60, 50), (50, 60), (50, 50), (50, 30), (30, 50), (30, 30)}
    made, _ = change(PICTURE, NONE, Dice(7, 3))
    assert made.shape == (50, 50, 3)
    with pytest.raises(ShapeError, match="smaller than crop_size"):
        change(PICTURE[:40], NONE, Dice(7, 0))


@pytest.mark.parametrize("make, message", [
    (lambda: MinSide(5, 3, "min_side_min, min_side_max"), "min_side_min.*found 5 to 3"),
    (lambda: random_resize("min_size: 5 max_size: 4"), "max_size not below the min_size"),
    (lambda: random_resize("resize_param { resize_mode: FIT_SMALL_SIZE }"), "interp_mode alone"),
    (lambda: aspect("", 0), "needs crop_size"),
    (lambda: aspect("min_area_ratio: 0.7 max_area_ratio: 0.6"), "found 0.7 to 0.6"),
    (lambda: aspect("max_area_ratio: 1.2"), "from 0 to 1"),
    (lambda: aspect("aspect_ratio_change: 0"), "aspect_ratio_change is the least factor"),
    (lambda: OriginalImage(0, True), "needs crop_size"),
    (lambda: Corners(param("multi_scale: true")), "needs crop_size"),
    (lambda: Stretch(param("img_rand_resize_lower: 5 img_rand_resize_upper: 4")), "5 to 4"),
    (lambda: Stretch(param("vertical_stretch_lower: 2 vertical_stretch_upper: 1")), "2 to 1"),
])
def test_what_cannot_be(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
