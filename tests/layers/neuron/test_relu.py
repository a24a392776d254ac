import logging

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

X = random(2, 3, 4, 5)


def line(slope):
    return f'type: "ReLU" relu_param {{ negative_slope: {slope} }}'


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("slope", [0, 0.1])
def test_relu(slope, inplace):
    layer, bottom, top = build(line(slope), X, inplace=inplace)
    layer.forward(bottom, top)
    expected = np.maximum(X, 0) + slope * np.minimum(X, 0)
    assert_allclose(top[0].data, expected, rtol=1e-6)
    check_gradient(line(slope), X, kink=0, kink_range=0.02, inplace=inplace)


def test_a_slope_above_one_or_below_zero():
    for slope in (2, -0.5):
        layer, bottom, top = build(line(slope), X)
        layer.forward(bottom, top)
        assert_allclose(top[0].data, np.where(X > 0, X, slope * X), rtol=1e-6)
        check_gradient(line(slope), X, kink=0, kink_range=0.02)


def test_a_negative_slope_in_place_is_warned_of(caplog):
    with caplog.at_level(logging.WARNING, logger="caffepy"):
        layer, _, _ = build(line(-1), X, inplace=True)
        assert "spoils the gradient" in caplog.text and not layer.preserves_sign
        caplog.clear()
        build(line(-1), X)
        build(line(1), X, inplace=True)
    assert not caplog.records
