import numpy as np
import pytest

from caffepy.data.augment.boxes import NONE, PLACE
from caffepy.data.augment.padding import Padding
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError, ShapeError
from caffepy.proto import caffe_pb2, text

RNG = np.random.default_rng(1701)
COLOUR = RNG.integers(0, 256, (5, 8, 3), np.uint8)
DICE = Dice(1, 2)
AROUND = ((2, 2), (2, 2), (0, 0))


def change(words):
    param = caffe_pb2.TransformationParameter()
    text.parse(words, param)
    return Padding(param)


def run(words, pixels=COLOUR, boxes=NONE):
    return change(f"padding: 2 {words}")(pixels, boxes, DICE)


@pytest.mark.parametrize("words, value", [
    ("", 0), ("mean_value: 7.4", 7), ("padding_value: 9 mean_value: 7", 9),
    ("mean_value: 1 mean_value: 2 mean_value: 3", [1, 2, 3]),
    ("padding_value: 300", 255),
])
def test_what_lies_around(words, value):
    made, _ = run(words)
    expected = np.empty((9, 12, 3), np.uint8)
    expected[...] = value
    expected[2:7, 2:10] = COLOUR
    np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize("mode, how", [("MIRRORED", "reflect"), ("REPEAT_NEAREST", "edge")])
def test_modes(mode, how):
    words = f"padding_mode: {mode} mean_value: 5"
    np.testing.assert_array_equal(run(words)[0], np.pad(COLOUR, AROUND, how))
    labels = change(f"padding: 2 {words}").labels(COLOUR[..., 0], DICE, 255)
    np.testing.assert_array_equal(labels, np.pad(COLOUR[..., 0], AROUND[:2], how))


def test_gray_and_labels():
    gray = COLOUR[..., 0].copy()
    np.testing.assert_array_equal(run("mean_value: 4", gray)[0],
                                  np.pad(gray, 2, constant_values=4))
    labels = change("padding: 2 mean_value: 4").labels(gray, DICE, 255)
    np.testing.assert_array_equal(labels, np.pad(gray, 2, constant_values=255))


def test_boxes_are_where_they_were():
    box = np.array([[1, 0, 0.25, 0.2, 0.5, 1, 0]], np.float32)
    _, moved = run("", boxes=box)
    pixels = moved[0, PLACE] * (12, 9, 12, 9)
    np.testing.assert_allclose(pixels, [2 + 2, 2 + 1, 4 + 2, 5 + 2], rtol=1e-6)


def test_what_cannot_be():
    with pytest.raises(ShapeError, match="mean_value must be given once.*2 values for 3"):
        run("mean_value: 1 mean_value: 2")
    with pytest.raises(ConfigError, match="where mean_file has none"):
        run('mean_file: "mean"')
