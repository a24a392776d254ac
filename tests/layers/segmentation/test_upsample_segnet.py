"""SegNet's Upsample."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, DataError, ShapeError

X = random(2, 3, 2, 3)


def line(words):
    return f'bottom: "x" bottom: "mask" type: "Upsample" upsample_param {{ {words} }}'


def mask(shape, size, seed=2):
    """Of a pooling: each place once."""
    rng = np.random.default_rng(seed)
    return np.array([[rng.permutation(size)[: shape[2] * shape[3]].reshape(shape[2:])
                      for _ in range(shape[1])] for _ in range(shape[0])])


@pytest.mark.parametrize("words, size", [
    ("", (4, 6)), ("scale: 2", (4, 6)), ("scale: 3 pad_out_h: true", (5, 9)),
    ("scale_h: 2 scale_w: 4", (4, 12)), ("pad_out_h: true pad_out_w: true", (3, 5)),
    ("scale: 2 upsample_h: 5 upsample_w: 4", (5, 4)), ("upsample_h: 7 upsample_w: 7", (7, 7)),
])
def test_places_of_the_mask(words, size):
    places = mask(X.shape, size[0] * size[1])
    y, = run(build(line(words), X, places), [X, places])
    assert y.shape == (2, 3, *size)
    expected = np.zeros((2, 3, size[0] * size[1]))
    for index in np.ndindex(X.shape):
        expected[(*index[:2], places[index])] = X[index]
    assert_array_equal(y.reshape(expected.shape), np.float32(expected))
    check_gradient(line(words), X, places)


def test_mistakes():
    places = mask(X.shape, 24)
    for words, told in (("scale_h: 2", "belong together"), ("upsample_w: 2", "belong together"),
                        ("scale: 2 scale_h: 2 scale_w: 2", "not both"),
                        ("scale: 1", "at least 2")):
        with pytest.raises(ConfigError, match=told):
            build(line(words), X, places)
    with pytest.raises(ShapeError, match="one number for each"):
        build(line(""), X, (2, 3, 4, 6))
    with pytest.raises(DataError, match="(?s)picks what is not there.*upsample_h"):
        run(build(line("upsample_h: 3 upsample_w: 3"), X, places), [X, places])
