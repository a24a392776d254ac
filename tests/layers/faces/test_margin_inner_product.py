import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, DataError, ShapeError
from caffepy.layers.faces import _margin

X, LABELS = random(6, 5), np.array([0, 3, 2, 3, 2, 1])
FILL = 'weight_filler { type: "gaussian" std: 1 }'


def line(param):
    return (f'type: "MarginInnerProduct" top: "y" top: "lambda" margin_inner_product_param {{ '
            f"num_output: 4 {FILL} {param} }}")


def psi(m, theta):
    k = math.floor(m * theta / math.pi)
    return (-1) ** k * math.cos(m * theta) - 2 * k


@pytest.mark.parametrize("m", [1, 2, 3, 4])
def test_psi_and_its_slope(m):
    theta = np.linspace(0.05, 3.1, 40)
    value, slope = _margin.psi(m, np.cos(theta))
    assert_allclose(value, [psi(m, t) for t in theta], atol=1e-9)
    h = 1e-6
    numeric = [(psi(m, t + h) - psi(m, t - h)) / (math.cos(t + h) - math.cos(t - h)) for t in theta]
    assert_allclose(slope, numeric, rtol=1e-3, atol=1e-4)
    assert (np.diff(value) < 0).all()


@pytest.mark.parametrize("type, m", [("SINGLE", 1), ("DOUBLE", 2), ("TRIPLE", 3), ("QUADRUPLE", 4)])
def test_margin_inner_product(type, m):
    built = layer, bottom, top = build(line(
        f"type: {type} base: 10 gamma: 0.5 power: 2 iteration: 3 lambda_min: 0.5"), X, LABELS)
    w = layer.blobs[0].data / np.linalg.norm(layer.blobs[0].data, axis=1, keepdims=True)
    y, mix = run(built, [X, LABELS])
    assert_allclose(mix, [10 * 3.0**-2], rtol=1e-5)  # counted up before it is used
    assert_allclose(layer.blobs[0].data, w, rtol=1e-5)
    expected, length = X @ w.T, np.linalg.norm(X, axis=1)
    dy = top[0].diff[...] = random(6, 4, seed=3)
    dx = dy @ w
    if m > 1:
        for i, label in enumerate(LABELS):
            cos = expected[i, label] / length[i]
            value, slope = _margin.psi(m, np.array(cos))
            value = psi(m, math.acos(cos))
            expected[i, label] = length[i] * (value + mix[0] * cos) / (1 + mix[0])
            parts = np.array([slope, (value - cos * slope) / length[i]])
            of_w, of_x = parts / np.linalg.norm(parts)
            dx[i] += dy[i, label] * (mix[0] * w[label] + of_w * w[label] + of_x * X[i]) / (
                1 + mix[0]) - dy[i, label] * w[label]
    assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    layer.blobs[0].diff[...] = 1
    layer.backward(top, [True, False], bottom)
    assert_allclose(bottom[0].diff, dx, rtol=1e-3, atol=1e-5)
    assert_allclose(layer.blobs[0].diff - 1, dy.T @ X, rtol=1e-4, atol=1e-5)


def test_lambda_falls_to_its_least():
    layer, bottom, top = build(line("type: DOUBLE base: 2 gamma: 1 lambda_min: 0.6"), X, LABELS)
    seen = []
    for _ in range(4):
        layer.forward(bottom, top)
        seen.append(float(top[1].data[0]))
    assert_allclose(seen, [1, 2 / 3, 0.6, 0.6], rtol=1e-5)


def test_errors():
    with pytest.raises(DataError, match="not one of the 4 classes"):
        run(build(line(""), X, LABELS), [X, LABELS + 1])
    with pytest.raises(ConfigError, match="num_output"):
        build('type: "MarginInnerProduct"', X, LABELS)
    layer, bottom, top = build(line(""), X, LABELS)
    bottom[0].reshape(6, 4)
    with pytest.raises(ShapeError, match="does not fit the weights"):
        layer.reshape(bottom, top)


def test_gradient_by_hand_is_used_since_this_is_none():
    with pytest.raises(AssertionError, match="backward"):
        check_gradient(line("type: DOUBLE base: 0"), X, LABELS, tops=(0,))
