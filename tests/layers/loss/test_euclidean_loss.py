import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import DataError, ShapeError

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


@pytest.mark.parametrize("shape", [(4, 3, 2), (4, 1, 2), (4,)])
def test_a_third_bottom_weighs_numbers_places_or_items(shape):
    weights = abs(random(*shape, seed=2))
    w = weights.reshape(shape if len(shape) > 1 else (4, 1, 1))
    assert_allclose(run(build(LINE, A, B, weights), [A, B, weights])[0],
                    (w * (A - B) ** 2).sum() / 8, rtol=1e-5)
    check_gradient(LINE, A, B, weights)


def test_weights_are_checked():
    with pytest.raises(ShapeError, match=r"weight for each item.*found shape \(5,\).*4 or 8 or 24"):
        run(build(LINE, A, B, (5,)), [A, B, (5,)])
    with pytest.raises(DataError, match=r"must not be negative .found -2 at \(1,\)"):
        run(build(LINE, A, B, (4,)), [A, B, [1, -2, 0, 0]])
