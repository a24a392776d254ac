import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

X = 5 * random(2, 3, 4, 5)


@pytest.mark.parametrize("slope", [0, 0.1, 1, -0.8])
@pytest.mark.parametrize("inplace", [False, True])
def test_relu6(slope, inplace):
    line = f'type: "ReLU6" relu6_param {{ negative_slope: {slope} }}'
    expected = np.minimum(np.maximum(X, 0) + slope * np.minimum(X, 0), 6)
    assert_allclose(run(build(line, X, inplace=inplace), [X])[0], expected, rtol=1e-6)
    corners = (0, 6) if slope >= 0 else (0, 6, 6 / slope)
    check_gradient(line, X, corners=corners, kink_range=0.02, inplace=inplace)


def test_the_slope_is_0_without_a_word():
    assert run(build('type: "ReLU6"', [-1.0, 5, 7]), [[-1.0, 5, 7]])[0].tolist() == [0, 5, 6]


def test_from_6_on_there_is_no_gradient():
    layer, bottom, top = built = build('type: "ReLU6"', [0.0, 1, 6, 7])
    run(built, [[0.0, 1, 6, 7]])
    top[0].diff[...] = 1
    layer.backward(top, [True], bottom)
    assert bottom[0].diff.tolist() == [0, 1, 0, 0]
