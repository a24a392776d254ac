import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

LINE = 'type: "EuclideanLoss"'
A, B = random(4, 3, 2), random(4, 3, 2, seed=1)


def test_euclidean_loss():
    assert_allclose(run(build(LINE, A, B), [A, B])[0], ((A - B) ** 2).sum() / 8, rtol=1e-5)
    check_gradient(LINE, A, B)


def test_shapes_of_equal_count():
    check_gradient(LINE, A, B.reshape(4, 6))


def test_counts_are_checked():
    with pytest.raises(ShapeError, match="equally many"):
        build(LINE, A, B[:, :2])
