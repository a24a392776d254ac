"""Interp against one pixel at a time."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError

X = random(2, 2, 5, 6)


def line(words):
    return f'type: "Interp" interp_param {{ {words} }}'


def naive(x, size):
    y = np.zeros((*x.shape[:2], *size))
    for i, j in np.ndindex(*size):
        h, w = (k * (n - 1) / (m - 1) if m > 1 else 0
                for k, n, m in zip((i, j), x.shape[2:], size, strict=True))
        a, b = math.floor(h + 1e-6), math.floor(w + 1e-6)
        c, d = min(a + 1, x.shape[2] - 1), min(b + 1, x.shape[3] - 1)
        top = x[:, :, a, b] * (1 - w + b) + x[:, :, a, d] * (w - b)
        low = x[:, :, c, b] * (1 - w + b) + x[:, :, c, d] * (w - b)
        y[:, :, i, j] = top * (1 - h + a) + low * (h - a)
    return y


@pytest.mark.parametrize("words, size, crop", [
    ("height: 9 width: 11", (9, 11), (0, 0)),
    ("height: 2 width: 4", (2, 4), (0, 0)),
    ("height: 1 width: 1", (1, 1), (0, 0)),
    ("height: 5 width: 6", (5, 6), (0, 0)),
    ("zoom_factor: 3", (13, 16), (0, 0)),
    ("shrink_factor: 2", (3, 3), (0, 0)),
    ("shrink_factor: 2 height: 9 width: 9", (3, 3), (0, 0)),  # one factor goes first
    ("zoom_factor: 1 height: 9 width: 9", (5, 6), (0, 0)),  # given, if only as 1
    ("shrink_factor: 2 zoom_factor: 4", (9, 9), (0, 0)),
    ("shrink_factor: 2 zoom_factor: 4 height: 3 width: 7", (3, 7), (0, 0)),
    ("zoom_factor: 2 pad_beg: -1 pad_end: -2", (3, 5), (1, 2)),
    ("height: 4 width: 4 pad_end: -3", (4, 4), (0, 3)),
])
def test_sizes(words, size, crop):
    y, = run(build(line(words), X), [X])
    inner = X[:, :, crop[0] : 5 - crop[1], crop[0] : 6 - crop[1]]
    assert y.shape == (2, 2, *size)
    assert_allclose(y, naive(inner, size), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("words", ["", "use_blob_size: true", "zoom_factor: 3"])
def test_the_size_of_a_second_bottom(words):
    y, = run(build(line(words), X, (1, 3, 7, 4)), [X, (1, 3, 7, 4)])
    assert_allclose(y, naive(X, (7, 4)), rtol=1e-4, atol=1e-5)


def test_one_pixel_fills_the_picture():
    x = random(1, 2, 1, 1)
    y, = run(build(line("height: 3 width: 4"), x), [x])
    assert_allclose(y, np.broadcast_to(x, (1, 2, 3, 4)), rtol=1e-6)


def test_what_is_no_number_stays_where_it_is():
    x = X.copy()
    x[:, :, 0, 0] = np.nan
    y, = run(build(line("zoom_factor: 2"), x), [x])
    assert np.isnan(y).sum() == 2 * 2 * 4 and np.isnan(y[:, :, :2, :2]).all()


@pytest.mark.parametrize("words", [
    "height: 7 width: 3", "zoom_factor: 2 pad_beg: -1", "shrink_factor: 3", "height: 1 width: 9"])
def test_gradient(words):
    check_gradient(line(words), X)


def test_gradient_with_two_bottoms():
    check_gradient(line(""), X, (2, 1, 3, 8))


def test_mistakes():
    for words, told in (("", "size is missing"), ("height: 3", "size is missing"),
                        ("zoom_factor: 2 pad_beg: 1", "only crop"),
                        ("zoom_factor: 0", "zoom_factor must be at least 1"),
                        ("height: 0 width: 3", "at least 1"),
                        ("height: 3 width: 3 use_blob_size: true", "second bottom")):
        with pytest.raises(ConfigError, match=told):
            build(line(words), X)
    with pytest.raises(ShapeError, match="whole picture"):
        build(line("zoom_factor: 2 pad_beg: -3 pad_end: -2"), X)
    with pytest.raises(ShapeError, match="4 axes"):
        build(line("zoom_factor: 2"), (2, 3))
