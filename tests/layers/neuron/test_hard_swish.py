import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

X = 3 * random(2, 3, 4, 5)
LINE = 'type: "HardSwish"'


@pytest.mark.parametrize("inplace", [False, True])
def test_hard_swish(inplace):
    expected = X * np.minimum(np.maximum(X + 3, 0), 6) / 6
    assert_allclose(run(build(LINE, X, inplace=inplace), [X])[0], expected, rtol=1e-5, atol=1e-6)
    check_gradient(LINE, X, kink=3, kink_range=0.02, inplace=inplace)
