import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

LINE = 'type: "Sigmoid"'
X = 3 * random(2, 3, 4, 5)


@pytest.mark.parametrize("inplace", [False, True])
def test_sigmoid(inplace):
    layer, bottom, top = build(LINE, X, inplace=inplace)
    layer.forward(bottom, top)
    assert_allclose(top[0].data, 1 / (1 + np.exp(-X)), rtol=1e-5, atol=1e-7)
    check_gradient(LINE, X, inplace=inplace)


def test_large_numbers_do_not_overflow():
    layer, bottom, top = build(LINE, [-1e30, 1e30])
    layer.forward(bottom, top)
    assert top[0].data.tolist() == [0, 1]
