import numpy as np
import pytest

from caffepy.data.augment.cutout import Cutout
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2, text
from caffepy.proto.caffe_pb2 import TEST, TRAIN

H, W = 20, 30
KEY = 99


def cutout(words, phase=TRAIN):
    param = caffe_pb2.CutoutParameter()
    text.parse(words, param)
    return Cutout(param, phase, KEY)


def run(words, number=0):
    picture = np.ones((3, H, W), np.float32)
    cutout(words)(picture, number)
    assert (picture == picture[0]).all(), "all channels alike"
    return picture[0]


@pytest.mark.parametrize("size", [1, 4, 7, 60])
def test_the_formula(size):
    """The centre is drawn after the die of prob, row first."""
    for number in range(30):
        dice = Dice(KEY, number)
        dice.uniform()
        y, x = dice.below(H), dice.below(W)
        rows, columns = np.indices((H, W))
        first_row, first_column = y - size // 2, x - size // 2
        gone = ((rows >= first_row) & (rows < first_row + size)
                & (columns >= first_column) & (columns < first_column + size))
        np.testing.assert_array_equal(run(f"size: {size}", number), ~gone)


def test_centres_are_anywhere_and_prob_is_kept():
    gone = np.array([run("size: 1 prob: 0.4", number) == 0 for number in range(3000)])
    hit = gone.any((1, 2))
    assert set(gone.sum((1, 2)).tolist()) == {0, 1}
    assert abs(hit.mean() - 0.4) < 0.04  # standard deviation 0.009
    _, rows, columns = np.nonzero(gone)
    for found, side in ((rows, H), (columns, W)):
        assert found.min() == 0 and found.max() == side - 1
        assert abs(found.mean() - (side - 1) / 2) < 1


def test_several():
    sizes = [(run("size: 4 count: 3", number) == 0).sum() for number in range(200)]
    assert 16 < np.median(sizes) <= 48 and max(sizes) == 48


def test_not_in_test():
    assert cutout("size: 3") and not cutout("size: 3", TEST)


@pytest.mark.parametrize("words, message", [
    ("", "needs a size.*1 of 0 pixels"), ("size: 3 count: 0", "0 of 3 pixels"),
    ("size: 3 prob: 1.5", "prob is a probability .found 1.5"),
])
def test_what_cannot_be(words, message):
    with pytest.raises(ConfigError, match=message):
        cutout(words)
