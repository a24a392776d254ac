import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

LINE = 'type: "NegSquare"'
X = random(2, 3, 4)


@pytest.mark.parametrize("inplace", [False, True])
def test_neg_square(inplace):
    assert_allclose(run(build(LINE, X, inplace=inplace), [X])[0], -(X**2), rtol=1e-5)
    check_gradient(LINE, X, inplace=inplace)
