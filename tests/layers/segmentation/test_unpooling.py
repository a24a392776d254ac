"""Unpooling against one window at a time."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, DataError

X = random(2, 2, 3, 2)


def line(words):
    return f'type: "Unpooling" unpooling_param {{ {words} }}'


def naive(x, kind, kernel, stride, size):
    y = np.zeros((*x.shape[:2], *size))
    for i, j in np.ndindex(x.shape[2:]):
        h, w = i * stride[0], j * stride[1]
        cells = y[:, :, h : h + kernel[0], w : w + kernel[1]]
        value = x[:, :, i, j, None, None]
        if kind == "MAX":
            y[:, :, min(h, size[0] - 1), min(w, size[1] - 1)] = x[:, :, i, j]
        else:
            cells += value / (cells[0, 0].size if kind == "AVE" else 1)
    return y


@pytest.mark.parametrize("kind", ["MAX", "AVE", "TILE"])
@pytest.mark.parametrize("words, kernel, stride, size", [
    ("kernel_size: 2 stride: 2 unpool_size: 6", (2, 2), (2, 2), (6, 6)),
    ("kernel_size: 3 stride: 2 unpool_h: 7 unpool_w: 5", (3, 3), (2, 2), (7, 5)),
    ("kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 unpool_h: 6 unpool_w: 3",
     (3, 2), (2, 1), (6, 3)),
    ("kernel_size: 2 unpool_size: 8", (2, 2), (1, 1), (8, 8)),
])
def test_windows(kind, words, kernel, stride, size):
    words = line(f"unpool: {kind} {words}")
    y, = run(build(words, X), [X])
    assert_allclose(y, naive(X, kind, kernel, stride, size), rtol=1e-5, atol=1e-6)
    if kind != "TILE":
        check_gradient(words, X)


def test_the_gradient_of_tiles_is_divided():
    """By the window's size, as the original does."""
    words = "kernel_size: 2 stride: 2 unpool_h: 6 unpool_w: 4"
    grads = []
    for kind in ("AVE", "TILE"):
        layer, bottom, top = build(line(f"unpool: {kind} {words}"), X)
        layer.forward(bottom, top)
        top[0].diff[...] = random(*top[0].shape, seed=5)
        layer.backward(top, [True], bottom)
        grads.append(bottom[0].diff.copy())
    assert_allclose(*grads)


def test_a_mask():
    places = np.array([[[[0, 3], [8, 11], [16, 19]]] * 2] * 2)
    words = line("kernel_size: 2 stride: 2 unpool_h: 6 unpool_w: 4")
    y, = run(build(words, X, places), [X, places])
    assert_allclose(y.reshape(2, 2, -1)[:, :, places[0, 0].ravel()], X.reshape(2, 2, -1),
                    rtol=1e-6)
    assert np.count_nonzero(y) == X.size
    check_gradient(words, X, places)
    with pytest.raises(DataError, match="(?s)picks what is not there.*unpool_h"):
        run(build(words, X, places + 5), [X, places + 5])


@pytest.mark.parametrize("words, told", [
    ("kernel_size: 2", "size of the top is given"),
    ("kernel_size: 2 unpool_h: 3", "size of the top is given"),
    ("kernel_size: 2 unpool_size: 3 unpool_h: 3 unpool_w: 3", "size of the top is given"),
    ("unpool_size: 3", "size of the windows is missing"),
    ("kernel_h: 3 unpool_size: 3", "size of the windows is missing"),
    ("kernel_size: 2 pad: 1 unpool_size: 3", "no padding"),
    ("kernel_size: 2 stride: 0 unpool_size: 3", "at least 1"),
    ("kernel_size: 2 unpool_size: 0", "at least 1"),
    ("unpool: AVE kernel_size: 2 stride: 2 unpool_size: 4", "wholly outside"),
])
def test_mistakes(words, told):
    with pytest.raises(ConfigError, match=told):
        build(line(words), X)
