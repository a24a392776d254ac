import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import CaffeError

# numbers apart, so that no maximum changes hands within a step
X = np.random.default_rng(4).permutation(2 * 2 * 4 * 5 * 3).reshape(2, 2, 4, 5, 3) / 20 - 6


def line(words, message="pooling3d_param"):
    return f'type: "Pooling3D" {message} {{ {words} }}'


def naive(x, method, kernel, stride, pad):
    out, sizes = [], x.shape[2:]
    for size, k, s, p in zip(sizes, kernel, stride, pad, strict=True):
        n = math.ceil((size + 2 * p - k) / s) + 1
        out.append(n - ((n - 1) * s >= size + p))
    y = np.empty((*x.shape[:2], *out))
    for at in np.ndindex(*out):
        starts = [i * s - p for i, s, p in zip(at, stride, pad, strict=True)]
        part = tuple(slice(max(a, 0), a + k) for a, k in zip(starts, kernel, strict=True))
        cells = x[(slice(None), slice(None), *part)]
        area = math.prod(min(a + k, size + p) - a
                         for a, k, size, p in zip(starts, kernel, sizes, pad, strict=True))
        y[(..., *at)] = (cells.max((2, 3, 4)) if method == "MAX"
                         else cells.sum((2, 3, 4)) / area)
    return y


@pytest.mark.parametrize("words, kernel, stride, pad", [
    ("kernel_size: 2 kernel_depth: 1 stride: 2 temporal_stride: 1", (1, 2, 2), (1, 2, 2),
     (0, 0, 0)),
    ("kernel_size: 2 kernel_depth: 2 stride: 2 temporal_stride: 2 pad: 1", (2, 2, 2), (2, 2, 2),
     (0, 1, 1)),
    ("kernel_size: 3 kernel_depth: 3 stride: 2 temporal_pad: 1", (3, 3, 3), (1, 2, 2), (1, 0, 0)),
    ("kernel_size: 3 kernel_depth: 2", (2, 3, 3), (1, 1, 1), (0, 0, 0)),
])
@pytest.mark.parametrize("method", ["MAX", "AVE"])
@pytest.mark.parametrize("message", ["pooling3d_param", "pooling_param"])
def test_pooling3d(words, kernel, stride, pad, method, message):
    words = line(f"pool: {method} {words}", message)
    assert_allclose(run(build(words, X), [X])[0], naive(X, method, kernel, stride, pad),
                    rtol=1e-5, atol=1e-6)


def test_what_else_a_pooling_param_says():
    words = "kernel_size: 2 kernel_depth: 2 stride: 2 temporal_stride: 2 round_mode: FLOOR"
    y, = run(build(line(words, "pooling_param"), X), [X])
    assert_allclose(y, naive(X[..., :4, :2], "MAX", (2, 2, 2), (2, 2, 2), (0, 0, 0)))
    y, = run(build(line("pool: AVE global_pooling: true", "pooling_param"), X), [X])
    assert_allclose(y[..., 0, 0, 0], X.mean((2, 3, 4)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", ["MAX", "AVE"])
def test_gradient(method):
    check_gradient(line(f"pool: {method} kernel_size: 2 kernel_depth: 3 stride: 2 temporal_pad: 1 "
                        "pad: 1"), X[:, :, :3, :3])


def test_drawn_cells():
    ones = np.ones((1, 2, 3, 3, 3))
    words = line("pool: STOCHASTIC kernel_size: 2 kernel_depth: 2")
    y, = run(build(words, ones, phase="TEST"), [ones])
    assert_allclose(y, 1)


@pytest.mark.parametrize("words, x, message", [
    ("kernel_size: 2 kernel_depth: 2", (2, 3, 5, 6), "must have 5 axes"),
    ("kernel_size: 2", X.shape, "at least 1 on all axes"),
    ("kernel_size: 4 kernel_depth: 1", X.shape, "larger than the padded input"),
])
def test_mistakes(words, x, message):
    with pytest.raises(CaffeError, match=message):
        build(line(words), x)


def test_the_number_of_axes_stays():
    layer, bottom, top = build(line("kernel_size: 2 kernel_depth: 2"), X)
    bottom[0].reshape(2, 3, 4, 4)
    with pytest.raises(CaffeError, match="spatial axes cannot change.*3 spatial axes"):
        layer.reshape(bottom, top)


def test_the_plain_one_does_the_same_over_any_axes():
    words = "kernel_size: 1 kernel_size: 2 kernel_size: 3 stride: 2 pad: 0 pad: 1 pad: 1"
    y, mask = run(build(f'type: "Pooling" top: "y" top: "m" pooling_param {{ {words} }}', X), [X])
    expected = naive(X, "MAX", (1, 2, 3), (2, 2, 2), (0, 1, 1))
    assert_allclose(y, expected, rtol=1e-6)
    flat = X.reshape(2, 2, -1)
    assert_allclose(np.take_along_axis(flat, mask.reshape(2, 2, -1).astype(int), 2).ravel(),
                    expected.ravel(), rtol=1e-6)
    line_1d = 'type: "Pooling" pooling_param { kernel_size: 2 stride: 2 pool: AVE }'
    assert_allclose(run(build(line_1d, random(2, 3, 6)), [random(2, 3, 6)])[0],
                    random(2, 3, 6).reshape(2, 3, 3, 2).mean(3), rtol=1e-5)
    whole = 'type: "Pooling" pooling_param { global_pooling: true pool: AVE }'
    assert_allclose(run(build(whole, X), [X])[0], X.mean((2, 3, 4), keepdims=True), rtol=1e-5,
                    atol=1e-6)
