import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

LINE = 'type: "BNLL"'
X = 3 * random(2, 3, 4, 5)


@pytest.mark.parametrize("inplace", [False, True])
def test_bnll(inplace):
    assert_allclose(run(build(LINE, X, inplace=inplace), [X])[0], np.log(1 + np.exp(X)),
                    rtol=1e-5)
    check_gradient(LINE, X, inplace=inplace)


def test_large_numbers_do_not_overflow():
    x = [-1e30, 1e30]
    layer, bottom, top = built = build(LINE, x)
    assert run(built, [x])[0].tolist() == [0, np.float32(1e30)]
    top[0].diff[...] = 1
    layer.backward(top, [True], bottom)
    assert bottom[0].diff.tolist() == [0, 1]
