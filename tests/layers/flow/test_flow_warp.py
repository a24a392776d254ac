import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

X = random(2, 3, 5, 6)
FLOW = np.floor(3 * random(2, 2, 5, 6, seed=1)) + 0.3  # far from where it has a corner


def line(param=""):
    return f'type: "FlowWarp" flow_warp_param {{ {param} }}'


def warped(x, flow, fill):
    y = np.full(x.shape, float(fill))
    n, _, height, width = x.shape
    for i, r, c in np.ndindex(n, height, width):
        across, down = c + flow[i, 0, r, c], r + flow[i, 1, r, c]
        if not (0 <= across < width and 0 <= down < height):
            continue
        j, k = math.floor(across), math.floor(down)
        a, b = across - j, down - k
        j2, k2 = min(j + 1, width - 1), min(k + 1, height - 1)
        y[i, :, r, c] = ((1 - a) * (1 - b) * x[i, :, k, j] + a * (1 - b) * x[i, :, k, j2]
                         + (1 - a) * b * x[i, :, k2, j] + a * b * x[i, :, k2, j2])
    return y


@pytest.mark.parametrize("word, fill", [("", 0), ("fill_value: ZERO", 0),
                                        ("fill_value: NOT_A_NUMBER", np.nan)])
def test_flow_warp(word, fill):
    expected = warped(X, FLOW, fill)
    assert (expected == 0).any() or np.isnan(expected).any()
    assert_allclose(run(build(line(word), X, FLOW), [X, FLOW])[0], expected, rtol=1e-4, atol=1e-5)


def test_gradient():
    check_gradient(line(), X, FLOW)


def test_without_a_flow_nothing_moves():
    flow = np.zeros((2, 2, 5, 6))
    assert_allclose(run(build(line(), X, flow), [X, flow])[0], X, rtol=1e-6)


def test_a_flow_that_is_not_known_lies_outside():
    flow = np.full((2, 2, 5, 6), np.nan)
    assert not run(build(line(), X, flow), [X, flow])[0].any()


def test_shapes_are_checked():
    for wrong in ((2, 3, 5, 6), (1, 2, 5, 6), (2, 2, 6, 6)):
        with pytest.raises(ShapeError, match="two numbers for each pixel"):
            build(line(), X, wrong)
