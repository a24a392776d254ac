import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

X = 3 * random(2, 3, 4, 5)


def line(beta):
    return f'type: "Swish" swish_param {{ beta: {beta} }}'


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("beta", [0, 1, 1.3])
def test_swish(beta, inplace):
    built = build(line(beta), X, inplace=inplace)
    assert_allclose(run(built, [X])[0], X / (1 + np.exp(-beta * X)), rtol=1e-4, atol=1e-6)
    check_gradient(line(beta), X, inplace=inplace)


def test_large_numbers_do_not_overflow():
    x = [-1e30, 1e30]
    assert run(build(line(1), x), [x])[0].tolist() == [0, np.float32(1e30)]
