"""Rotation, affine and perspective changes: by their formulas, pixel by pixel."""

from math import ceil, cos, floor, radians, sin, sqrt

import cv2
import numpy as np
import pytest

from caffepy.data.augment.affine import Affine, Rotation
from caffepy.data.augment.boxes import NONE, PLACE
from caffepy.data.augment.perspective import Perspective
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError, ShapeError
from caffepy.proto import caffe_pb2, text

RNG = np.random.default_rng(1701)
SMOOTH = cv2.GaussianBlur(RNG.integers(0, 256, (40, 60, 3), np.uint8), (9, 9), 3)
GRAY = SMOOTH[..., 0].copy()
LABELS = (SMOOTH[..., 1] // 32).copy()


def affine(words):
    param = caffe_pb2.TransformationParameter()
    text.parse(f"affine_param {{ {words} }}", param)
    return Affine(param.affine_param)


def perspective(words):
    param = caffe_pb2.TransformationParameter()
    text.parse(f"perspective_param {{ {words} }}", param)
    return Perspective(param.perspective_param)


def dice(number=0):
    return Dice(7, number)


def sampled(pixels, matrix, size, outside):
    """Each pixel of the result from where the inverse leads, the nearest."""
    back = np.linalg.inv(matrix)
    made = np.full(size, outside, np.float64)
    doubtful = np.zeros(size, bool)
    for y, x in np.ndindex(size):
        u, v, w = back @ (x, y, 1)
        u, v = u / w, v / w
        doubtful[y, x] = abs(u % 1 - 0.5) < 0.05 or abs(v % 1 - 0.5) < 0.05
        i, j = floor(v + 0.5), floor(u + 0.5)
        if 0 <= i < pixels.shape[0] and 0 <= j < pixels.shape[1]:
            made[y, x] = pixels[i, j]
    return made, doubtful


def check(change, outside=0):
    """Nearest pixels, and labels, are where the formula says, but where roundings decide."""
    for number in range(6):
        move = change.move(40, 60, dice(number))
        expected, doubtful = sampled(GRAY, move.matrix, move.size, outside)
        made, _ = change(GRAY, NONE, dice(number))
        assert made.shape == move.size
        assert (made == expected)[~doubtful].mean() > 0.995
        expected, doubtful = sampled(LABELS, move.matrix, move.size, 255)
        labels = change.labels(LABELS, dice(number), 255)
        assert (labels == expected)[~doubtful].mean() > 0.995


def test_affine_matrix():
    words = ("max_rotate_angle: 30 max_shear_ratio: 0.3 max_aspect_ratio: 0.2 "
             "min_random_scale: 0.8 max_random_scale: 1.2 max_random_shift: 0.1")
    for number in range(20):
        it = dice(number)
        it.uniform()  # prob
        a, s, d = radians(it.uniform(-30, 30)), it.uniform(-0.3, 0.3), it.uniform(-0.2, 0.2)
        z, u, v = it.uniform(0.8, 1.2), it.uniform(-0.1, 0.1), it.uniform(-0.1, 0.1)
        around = (z * np.array([[cos(a), sin(a)], [-sin(a), cos(a)]]) @ [[1, s], [0, 1]]
                  @ [[sqrt(1 + d), 0], [0, 1 / sqrt(1 + d)]])
        matrix, size = affine(words).move(40, 60, dice(number))
        assert size == (40, 60)
        middle = np.array([29.5, 19.5])
        for point in ((0, 0), (59, 0), (10, 30)):
            expected = around @ (point - middle) + middle + (u * 60, v * 40)
            np.testing.assert_allclose((matrix @ (*point, 1))[:2], expected, atol=1e-5)


def test_pixels_and_labels_go_there():
    check(affine("max_rotate_angle: 40 max_shear_ratio: 0.2 interp_mode: NEAREST pad_value: 9"), 9)
    check(perspective("max_shift: 0.2 interp_mode: NEAREST"))


@pytest.mark.parametrize("mode, border", [
    ("MIRRORED", cv2.BORDER_REFLECT_101), ("REPEAT_NEAREST", cv2.BORDER_REPLICATE)])
def test_borders(mode, border):
    change = affine(f"max_rotate_angle: 20 pad_mode: {mode} interp_mode: CUBIC")
    matrix, _ = change.move(40, 60, dice(1))
    expected = cv2.warpAffine(SMOOTH, matrix[:2], (60, 40), flags=cv2.INTER_CUBIC,
                              borderMode=border)
    np.testing.assert_array_equal(change(SMOOTH, NONE, dice(1))[0], expected)


def test_nothing_asked_nothing_done():
    assert affine("").move(40, 60, dice()) is None
    assert affine("max_rotate_angle: 30 prob: 0").move(40, 60, dice()) is None
    assert perspective("").move(40, 60, dice()) is None
    assert perspective("max_shift: 0.1 prob: 0")(SMOOTH, NONE, dice())[0] is SMOOTH


def test_corners_move_inwards():
    change, shares = perspective("max_shift: 0.2"), []
    for number in range(300):
        matrix, size = change.move(40, 60, dice(number))
        for (x, y), sign in (((0, 0), (1, 1)), ((59, 0), (-1, 1)), ((59, 39), (-1, -1)),
                             ((0, 39), (1, -1))):
            u, v, w = matrix @ (x, y, 1)
            shares.append(np.array([u / w - x, v / w - y]) * sign / (60, 40))
    shares = np.array(shares)
    assert shares.min() > -1e-5 and shares.max() < 0.2 + 1e-5
    assert abs(shares.mean() - 0.1) < 0.005 and abs(shares.std() - 0.2 / sqrt(12)) < 0.003


@pytest.mark.parametrize("change", [affine("max_rotate_angle: 40"), perspective("max_shift: 0.2"),
                                    Rotation(30)])
def test_boxes_go_along(change):
    """A box around a bright spot is around it afterwards."""
    pixels = np.zeros((40, 60), np.uint8)
    pixels[15:25, 20:40] = 255
    boxes = np.array([[1, 0, 20 / 60, 15 / 40, 40 / 60, 25 / 40, 0]], np.float32)
    for number in range(20):
        made, moved = change(pixels, boxes, dice(number))
        rows, columns = np.nonzero(made > 100)
        height, width = made.shape
        expected = [columns.min() / width, rows.min() / height, (columns.max() + 1) / width,
                    (rows.max() + 1) / height]
        np.testing.assert_allclose(moved[0, PLACE], expected, atol=2.1 / min(made.shape))
    away = np.array([[1, 0, -0.5, -0.5, -0.4, -0.4, 0]], np.float32)
    assert not len(change(pixels, away, dice(3))[1])


def test_rotation():
    """By whole degrees, with the picture as large as it must be, black around it: the fork's."""
    change, seen = Rotation(30.9), set()
    for number in range(600):
        move = change.move(40, 60, dice(number))
        angle = dice(number).below(61) - 30
        seen.add(angle)
        if not angle:
            assert move is None
            continue
        matrix = cv2.getRotationMatrix2D((30, 20), angle, 1)
        corners = np.array([[0, 0, 1], [60, 0, 1], [0, 40, 1], [60, 40, 1]]) @ matrix.T
        low, high = np.round(corners.min(0), 4), np.round(corners.max(0), 4)
        wide, tall = (ceil(b) - floor(a) + 1 for a, b in zip(low, high, strict=True))
        assert move.size == (tall, wide)
        matrix[:, 2] += (wide / 2 - 30, tall / 2 - 20)
        np.testing.assert_allclose(move.matrix[:2], matrix, atol=1e-6)
        if number < 20:
            np.testing.assert_array_equal(change(SMOOTH, NONE, dice(number))[0],
                                          cv2.warpAffine(SMOOTH, move.matrix[:2], (wide, tall)))
    assert seen == set(range(-30, 31))


@pytest.mark.parametrize("make, message", [
    (lambda: affine("max_rotate_angle: -1"), "max_rotate_angle must not be negative"),
    (lambda: affine("max_aspect_ratio: 1"), "max_aspect_ratio is what a side loses"),
    (lambda: affine("min_random_scale: 2"), "max_random_scale not below"),
    (lambda: affine("min_random_scale: 0"), "found 0 to 1"),
    (lambda: affine("prob: -1"), "prob is a probability"),
    (lambda: perspective("max_shift: 0.5"), "max_shift is a share"),
    (lambda: perspective("prob: 7"), "prob is a probability"),
    (lambda: Rotation(361), "0 to 360"),
])
def test_what_cannot_be(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


def test_a_pad_value_for_each_channel_or_one():
    with pytest.raises(ShapeError, match="affine_param: pad_value.*2 values for 3 channels"):
        affine("max_rotate_angle: 9 pad_value: 1 pad_value: 2")(SMOOTH, NONE, dice())
