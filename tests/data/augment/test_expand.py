import numpy as np
import pytest

from caffepy.data.augment.boxes import NONE, PLACE
from caffepy.data.augment.expand import Expand
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError, ShapeError
from caffepy.proto import caffe_pb2, text

RNG = np.random.default_rng(1701)
PIXELS = RNG.integers(100, 200, (20, 30, 3), np.uint8)
BOX = np.array([[2, 1, 0.1, 0.25, 0.5, 0.75, 1]], np.float32)  # pixels 3 to 15, rows 5 to 15


def expand(words):
    param = caffe_pb2.TransformationParameter()
    text.parse(words, param)
    return Expand(param)


def test_the_picture_lies_somewhere_on_a_larger_one_and_its_box_with_it():
    change = expand("expand_param { max_expand_ratio: 4 } mean_value: 10 mean_value: 20.5 "
                    "mean_value: 30")
    ratios, tops, lefts = [], [], []
    for number in range(300):
        made, boxes = change(PIXELS, BOX, Dice(7, number))
        height, width = made.shape[:2]
        where = np.argwhere((made >= 100).all(2))
        (top, left), (bottom, right) = where.min(0), where.max(0) + 1
        np.testing.assert_array_equal(made[top:bottom, left:right], PIXELS)
        around = np.ones((height, width), bool)
        around[top:bottom, left:right] = False
        assert (made[around] == (10, 20, 30)).all()
        expected = np.divide([left + 3, top + 5, left + 15, top + 15], [width, height] * 2)
        np.testing.assert_allclose(boxes[0, PLACE], expected, rtol=1e-5)
        assert boxes[0, [0, 1, 6]].tolist() == [2, 1, 1]
        ratios.append(width / 30)
        tops.append(top / max(1, height - 20))
        lefts.append(left / max(1, width - 30))
        assert abs(height / 20 - width / 30) < 0.05
    assert 1 <= min(ratios) < 1.1 and 3.9 < max(ratios) <= 4
    assert abs(np.mean(ratios) - 2.5) < 0.2  # standard deviation 0.05
    for places in (tops, lefts):
        assert min(places) < 0.05 and max(places) > 0.95 and abs(np.mean(places) - 0.48) < 0.07


def test_which_boxes_stay():
    """A box whose center lies beside the picture stays if it lies on the larger one."""
    change = expand("expand_param { max_expand_ratio: 2 } emit_constraint { emit_type: CENTER }")
    beside = np.array([[1, 0, -0.4, 0.2, 0.2, 0.8, 0]], np.float32)  # 3 pixels to its left
    counts = []
    for number in range(60):
        made, boxes = change(PIXELS, beside, Dice(7, number))
        left = np.argwhere((made >= 100).all(2))[:, 1].min()
        assert len(boxes) == (left >= 3)
        counts.append(len(boxes))
    assert 10 < sum(counts) < 55


def test_with_its_probability():
    change = expand("expand_param { prob: 0.25 max_expand_ratio: 2 }")
    same = sum(change(PIXELS, NONE, Dice(7, number))[0] is PIXELS for number in range(400))
    assert 260 < same < 340  # 300 expected, standard deviation 9


def test_without_a_mean_there_is_black_around():
    change = expand("expand_param { max_expand_ratio: 3 }")
    made, _ = change(PIXELS, NONE, Dice(7, 1))
    assert set(made[(made < 100).any(2)].ravel().tolist()) == {0}
    gray, _ = change(PIXELS[..., 0].copy(), NONE, Dice(7, 1))
    np.testing.assert_array_equal(gray, made[..., 0])


def test_a_ratio_hardly_above_one_does_nothing():
    made, boxes = expand("expand_param { max_expand_ratio: 1.005 }")(PIXELS, BOX, Dice(7, 1))
    assert made is PIXELS and boxes is BOX


@pytest.mark.parametrize("words, message", [
    ("expand_param { max_expand_ratio: 1 }", "max_expand_ratio must be above 1 .found 1"),
    ("expand_param { max_expand_ratio: 1e9 }", "found 1e.09; allowed: above 1, up to 1000"),
    ('expand_param { max_expand_ratio: 2 } mean_file: "mean.binaryproto"',
     "the mean, which must be numbers .*Give mean_value"),
])
def test_what_cannot_be(words, message):
    with pytest.raises(ConfigError, match=message):
        expand(words)


def test_means_of_other_channels():
    change = expand("expand_param { max_expand_ratio: 3 } mean_value: 1 mean_value: 2")
    with pytest.raises(ShapeError, match="2 values for 3 channels"):
        change(PIXELS, NONE, Dice(7, 1))
