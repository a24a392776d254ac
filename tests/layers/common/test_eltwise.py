import logging

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.errors import ConfigError, ShapeError

SHAPE = (2, 3, 2, 2)
XS = [random(*SHAPE, seed=i) for i in range(3)]


def line(param):
    return f'type: "Eltwise" eltwise_param {{ {param} }}'


@pytest.mark.parametrize("param, expected", [
    ("", XS[0] + XS[1] + XS[2]),
    ("operation: SUM coeff: 1 coeff: -0.5 coeff: 2", XS[0] - 0.5 * XS[1] + 2 * XS[2]),
    ("coeff: -1 coeff: 1 coeff: 0", XS[1] - XS[0]),
    ("operation: PROD", XS[0] * XS[1] * XS[2]),
    ("operation: PROD stable_prod_grad: false", XS[0] * XS[1] * XS[2]),
    ("operation: MAX", np.maximum(np.maximum(XS[0], XS[1]), XS[2])),
    ("operation: MAX coeff: 5 coeff: 5 coeff: 5", np.maximum(np.maximum(XS[0], XS[1]), XS[2])),
])
def test_eltwise(param, expected):
    layer, bottom, top = build(line(param), *XS)
    layer.forward(bottom, top)
    assert_allclose(top[0].data, expected, rtol=1e-5, atol=1e-6)
    # whole numbers shuffled: no two within a step of each other, so no maximum changes hands
    apart = np.random.default_rng(4).permutation(72).reshape(3, *SHAPE) / 10 - 3
    check_gradient(line(param), *apart)


def test_the_gradient_of_a_product_at_zero():
    # division of y by x, which the original does on request, would give not-a-number here
    layer, bottom, top = build(line("operation: PROD stable_prod_grad: false"),
                               np.array([0.0, 2]), np.array([3.0, 5]))
    layer.forward(bottom, top)
    top[0].diff[...] = 1
    layer.backward(top, [True, True], bottom)
    assert [x.diff.tolist() for x in bottom] == [[3, 5], [0, 2]]


def test_a_sum_in_place():
    layer, bottom, top = build(line("coeff: 2 coeff: 3 coeff: 4"), *XS, inplace=True)
    layer.forward(bottom, top)
    assert_allclose(top[0].data, 2 * XS[0] + 3 * XS[1] + 4 * XS[2], rtol=1e-5, atol=1e-6)
    dy = random(*SHAPE, seed=9).astype("f4")
    top[0].diff[...] = dy
    layer.backward(top, [True] * 3, bottom)
    for x, coeff in zip(bottom, (2, 3, 4), strict=True):
        assert_allclose(x.diff, coeff * dy, rtol=1e-6)


@pytest.mark.parametrize("operation, formula", [("PROD", np.multiply), ("MAX", np.maximum)])
def test_others_in_place_are_warned_of_where_a_gradient_may_come(operation, formula, caplog):
    with caplog.at_level(logging.WARNING, logger="caffepy"):
        layer, bottom, top = build(line(f"operation: {operation}"), *XS[:2], inplace=True,
                                   phase="TEST")
        assert not caplog.records
        build(line(f"operation: {operation}"), *XS[:2], inplace=True)
        assert "needs the bottom that it overwrites" in caplog.text
    layer.forward(bottom, top)
    assert_allclose(top[0].data, formula(*XS[:2]), rtol=1e-5)


def test_what_the_gradient_reads():
    assert build(line(""), *XS)[0].keeps == ()
    assert build(line("operation: PROD"), *XS)[0].keeps == ("bottom",)


@pytest.mark.parametrize("param, message", [
    ("operation: PROD coeff: 1 coeff: 1 coeff: 1", "coefficients are for sums"),
    ("coeff: 1 coeff: 2", "once per bottom.*2 for 3 bottoms"),
])
def test_bad_parameters(param, message):
    with pytest.raises(ConfigError, match=message):
        build(line(param), *XS)


def test_bottoms_of_different_shapes():
    with pytest.raises(ShapeError, match=r"same shape.*\(2, 3, 2, 2\) and, at index 1, \(2, 3\)"):
        build(line(""), SHAPE, (2, 3))
