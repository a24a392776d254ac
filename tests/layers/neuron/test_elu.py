import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError

X = random(2, 3, 4, 5)


def line(alpha):
    return f'type: "ELU" elu_param {{ alpha: {alpha} }}'


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("alpha", [0, 0.7, 1])
def test_elu(alpha, inplace):
    expected = np.where(X > 0, X, alpha * (np.exp(X) - 1))
    built = build(line(alpha), X, inplace=inplace)
    assert_allclose(run(built, [X])[0], expected, rtol=1e-5, atol=1e-7)
    check_gradient(line(alpha), X, kink=0, kink_range=0.01, inplace=inplace)


def test_large_numbers_do_not_overflow():
    x = [-1e30, 1e30]
    assert run(build(line(1), x), [x])[0].tolist() == [-1, np.float32(1e30)]


def test_alpha_is_not_negative():
    with pytest.raises(ConfigError, match="alpha must not be negative"):
        build(line(-1), X)
