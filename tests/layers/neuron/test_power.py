import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

X = random(2, 3, 4, 5)


def line(power, scale=1.0, shift=0.0):
    return f'type: "Power" power_param {{ power: {power} scale: {scale} shift: {shift} }}'


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("power, scale, shift", [
    (1, -2, 1), (2, 0.7, 0.3), (3, 1, 0), (0, 2, 1), (2, 0, 3), (-1, 0.1, 2),
])
def test_power(power, scale, shift, inplace):
    text = line(power, scale, shift)
    built = build(text, X, inplace=inplace)
    assert_allclose(run(built, [X])[0], (shift + scale * X) ** power, rtol=1e-4, atol=1e-6)
    check_gradient(text, X, inplace=inplace)


def test_fractional_power():
    x = np.abs(X) + 0.1
    assert_allclose(run(build(line(0.37, 1.2), x), [x])[0], (1.2 * x) ** 0.37, rtol=1e-5)
    check_gradient(line(0.37, 1.2, 0.5), x)


@pytest.mark.parametrize("power, slope", [(0, 0), (1, 1), (3, 0)])
def test_gradient_at_zero_is_a_number(power, slope):
    layer, bottom, top = built = build(line(power), [0.0])
    run(built, [[0.0]])
    top[0].diff[...] = 1
    layer.backward(top, [True], bottom)
    assert bottom[0].diff.tolist() == [slope]
