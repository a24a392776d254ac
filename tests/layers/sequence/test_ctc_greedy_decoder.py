import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, run

from caffepy.errors import ConfigError, ShapeError
from caffepy.layers.sequence.ctc_greedy_decoder import distance

BEST = np.array([[1, 2], [1, 2], [3, 3], [1, 0], [0, 0], [3, 1]])  # T x N, 3 is the last class
X = 0.1 * np.random.default_rng(0).random((6, 2, 4)) + np.eye(4)[BEST]
FLAGS = np.array([[0, 0], [1, 1], [1, 1], [1, 1], [1, 1], [1, 0]])
LABELS = np.array([[1, 2], [1, 0], [0, -1], [-1, 9], [-1, 9], [-1, 9]])


def decode(param, *bottoms, tops=1):
    names = " ".join(f'top: "{i}"' for i in range(tops))
    line = f'type: "CTCGreedyDecoder" {names} ctc_decoder_param {{ {param} }}'
    return [y.squeeze() for y in run(build(line, *bottoms), bottoms)]


@pytest.mark.parametrize("param, first, second", [
    ("", [1, 1, 0], [2, 0]),
    ("ctc_merge_repeated: false", [1, 1, 1, 0], [2, 2, 0, 0]),
    ("blank_index: 0", [1, 3, 1, 3], [2, 3])])
def test_sequences(param, first, second):
    found = decode(param, X, FLAGS)[0]
    assert found.tolist() == [first + [-1] * (6 - len(first)), second + [-1] * (6 - len(second))]


def test_scores_and_accuracy():
    scores = decode("", X, FLAGS, tops=2)[1]
    assert_allclose(scores, [-X[:, 0].max(1).sum(), -X[:5, 1].max(1).sum()], rtol=1e-5)
    assert_allclose(decode("", X, FLAGS, LABELS, tops=2)[1], 1)
    wrong = LABELS.copy()
    wrong[:2, 1] = [0, -1]  # one label of two is missing
    assert_allclose(decode("", X, FLAGS, wrong, tops=3)[2], 1 - 0.5 / 2)
    assert_allclose(decode("", X, FLAGS, wrong, tops=3)[1], scores)


@pytest.mark.parametrize("a, b, expected", [
    ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("", "", 0),
    ("ab", "ba", 2), ("flaw", "lawn", 2)])
def test_distance(a, b, expected):
    assert distance(*(np.array([ord(c) for c in word]) for word in (a, b))) == expected


def test_errors():
    with pytest.raises(ConfigError, match="more tops than answers"):
        decode("", X, FLAGS, tops=3)
    with pytest.raises(ShapeError, match="T x N"):
        decode("", X, FLAGS[:5])
