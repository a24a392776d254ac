"""SmoothL1LossOHEM."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

A, B = random(3, 4, 2, 2), random(3, 4, 2, 2, seed=5)
W = (random(3, 4, 2, 2, seed=6) > 0).astype(float)


def line(words="", tops=1):
    tops = "".join(f'top: "{t}" ' for t in "xy"[:tops])
    return f'{tops}type: "SmoothL1LossOHEM" loss_param {{ {words} }}'


def h(d):
    d = np.abs(d)
    return np.where(d < 1, d**2 / 2, d - 0.5)


@pytest.mark.parametrize("words, divisor", [
    ("", 12), ("normalization: FULL", 12), ("normalization: VALID", 12),
    ("normalization: BATCH_SIZE", 3), ("normalization: NONE", 1), ("normalize: false", 3),
    ("normalization: PRE_FIXED pre_fixed_normalizer: 50", 50),
])
def test_formula(words, divisor):
    for bottoms, d in (([A, B], A - B), ([A, B, W], W * (A - B))):
        loss, each = run(build(line(words, 2), *bottoms), bottoms)
        assert_allclose(loss, h(d).sum() / divisor, rtol=1e-5)
        assert_allclose(each, h(d).sum(1, keepdims=True), rtol=1e-5, atol=1e-6)
        check_gradient(line(words), *bottoms)


def test_weights_are_not_applied_twice():
    layer, bottom, top = build(line("normalization: NONE"), A, B, np.full_like(A, 0.5))
    layer.forward(bottom, top)
    top[0].diff[...] = 2
    layer.backward(top, [True, True, False], bottom)
    expected = 2 * np.clip(0.5 * (A - B), -1, 1)
    assert_allclose(bottom[0].diff, expected, rtol=1e-5)
    assert_allclose(bottom[1].diff, -expected, rtol=1e-5)


def test_boxes_without_places():
    a, b = A[:, :, 0, 0], B[:, :, 0, 0]
    loss, each = run(build(line(tops=2), a, b), [a, b])
    assert each.shape == (3, 1, 1, 1)
    assert_allclose(loss, each.sum() / 3, rtol=1e-5)


def test_mistakes():
    with pytest.raises(ShapeError, match="same shape"):
        build(line(), A, B[:, :3])
    with pytest.raises(ShapeError, match="same shape"):
        build(line(), A, B, W[:, :1])
    with pytest.raises(ShapeError, match="channels"):
        build(line(), (3,), (3,))
