import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

X = 3 * random(2, 3, 4, 5)
LINE = 'type: "Mish"'


@pytest.mark.parametrize("inplace", [False, True])
def test_mish(inplace):
    expected = X * np.tanh(np.log(1 + np.exp(X)))
    assert_allclose(run(build(LINE, X, inplace=inplace), [X])[0], expected, rtol=1e-5, atol=1e-6)
    check_gradient(LINE, X, inplace=inplace)


def test_large_numbers():
    x = np.array([-1000.0, -100, 0, 100, 1000])
    y = run(build(LINE, x), [x])[0]
    assert_allclose(y, np.maximum(x, 0), atol=1e-6)
