import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.errors import ConfigError, ShapeError

X = random(2, 7, 4, 3)


def line(param):
    return f'type: "LRN" lrn_param {{ {param} }}'


def across(x, size, alpha, beta, k):
    scale = np.zeros_like(x)
    for c in range(x.shape[1]):
        near = slice(max(0, c - size // 2), c + size // 2 + 1)
        scale[:, c] = k + alpha / size * (x[:, near] ** 2).sum(axis=1)
    return x / scale**beta


def within(x, size, alpha, beta):
    scale = np.zeros_like(x)
    for h, w in np.ndindex(*x.shape[2:]):
        rows = slice(max(0, h - size // 2), h + size // 2 + 1)
        columns = slice(max(0, w - size // 2), w + size // 2 + 1)
        scale[:, :, h, w] = 1 + alpha / size**2 * (x[:, :, rows, columns] ** 2).sum(axis=(2, 3))
    return x / scale**beta


@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
@pytest.mark.parametrize("param, expected", [
    ("", across(X, 5, 1, 0.75, 1)),
    ("local_size: 3 alpha: 0.5 beta: 0.6 k: 2", across(X, 3, 0.5, 0.6, 2)),
    ("local_size: 15", across(X, 15, 1, 0.75, 1)),
    ("local_size: 1", across(X, 1, 1, 0.75, 1)),
    ("norm_region: WITHIN_CHANNEL local_size: 3", within(X, 3, 1, 0.75)),
    ("norm_region: WITHIN_CHANNEL local_size: 9 alpha: 2 k: 5", within(X, 9, 2, 0.75)),
])
def test_lrn(param, expected, phase):
    layer, bottom, top = build(line(param), X, phase=phase)
    layer.forward(bottom, top)
    assert_allclose(top[0].data, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
@pytest.mark.parametrize("param", [
    "", "local_size: 3 alpha: 3 beta: 0.5", "norm_region: WITHIN_CHANNEL local_size: 3",
])
def test_gradient(param, phase):
    check_gradient(line(param), (1, 6, 3, 2), phase=phase)


def test_bad_parameters():
    with pytest.raises(ConfigError, match="local_size must be odd.*4"):
        build(line("local_size: 4"), X)
    with pytest.raises(ConfigError, match="k must not be negative.*found -1"):
        build(line("k: -1"), X)
    with pytest.raises(ShapeError, match="4 axes"):
        build(line(""), (2, 3))
