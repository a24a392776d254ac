import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

X, LABELS = random(6, 5), np.array([0, 3, 2, 3, 2, 1])
FILL = 'weight_filler { type: "gaussian" std: 1 }'


def line(param):
    return (f'type: "LargeMarginInnerProduct" top: "y" top: "lambda" '
            f"largemargin_inner_product_param {{ num_output: 4 {FILL} {param} }}")


@pytest.mark.parametrize("type, m", [("SINGLE", 1), ("DOUBLE", 2), ("TRIPLE", 3), ("QUADRUPLE", 4)])
def test_large_margin_inner_product(type, m):
    words = f"type: {type} base: 10 gamma: 0.5 power: 2 iteration: 3 lambda_min: 0.5"
    layer, bottom, top = built = build(line(words), X, LABELS)
    w = layer.blobs[0].data.copy()
    y, mix = run(built, [X, LABELS])
    assert_allclose(mix, [10 * 3.0**-2], rtol=1e-5)
    assert_allclose(layer.blobs[0].data, w)
    expected = X @ w.T
    if m > 1:
        for i, label in enumerate(LABELS):
            both = np.linalg.norm(X[i]) * np.linalg.norm(w[label])
            theta = math.acos(expected[i, label] / both)
            k = math.floor(m * theta / math.pi)
            psi = (-1) ** k * math.cos(m * theta) - 2 * k
            expected[i, label] = both * (psi + mix[0] * math.cos(theta)) / (1 + mix[0])
    assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    check_gradient(line(words), X, LABELS, tops=(0,), step=1e-3)


def test_without_lambda_the_margin_is_full():
    words = "type: QUADRUPLE base: 0"
    assert run(build(line(words), X, LABELS), [X, LABELS])[1] == 0
    check_gradient(line(words), X, LABELS, tops=(0,), step=1e-3)
