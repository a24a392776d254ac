import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

LINE = 'type: "Axpy"'
X, Y = random(2, 4, 3, 5), random(2, 4, 3, 5, seed=1)


@pytest.mark.parametrize("shape", [(2, 4), (2, 4, 1), (2, 4, 1, 1)])
def test_axpy(shape):
    a = random(*shape, seed=2)
    assert_allclose(run(build(LINE, a, X, Y), [a, X, Y])[0], a.reshape(2, 4, 1, 1) * X + Y,
                    rtol=1e-5, atol=1e-6)
    check_gradient(LINE, a, X, Y)


def test_bottoms_of_two_axes():
    check_gradient(LINE, random(2, 4), random(2, 4, seed=1), random(2, 4, seed=2))


def test_shapes_are_checked():
    with pytest.raises(ShapeError, match="one shape"):
        build(LINE, (2, 4), X, Y[:, :, :2])
    for wrong in ((2, 3), (2, 4, 2, 1), (1, 4), (2,)):
        with pytest.raises(ShapeError, match="one number for each channel"):
            build(LINE, wrong, X, Y)
