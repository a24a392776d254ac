import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

LINE = 'type: "TanH"'
X = random(2, 3, 4, 5)


@pytest.mark.parametrize("inplace", [False, True])
def test_tanh(inplace):
    layer, bottom, top = build(LINE, X, inplace=inplace)
    layer.forward(bottom, top)
    e = np.exp(2 * X)
    assert_allclose(top[0].data, (e - 1) / (e + 1), rtol=1e-5, atol=1e-6)
    check_gradient(LINE, X, inplace=inplace)
