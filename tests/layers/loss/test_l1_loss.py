import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

LINE = 'type: "L1Loss"'
A, B = random(4, 3, 2), random(4, 3, 2, seed=1)


def test_l1_loss():
    assert_allclose(run(build(LINE, A, B), [A, B])[0], abs(A - B).sum() / 4, rtol=1e-5)
    check_gradient(LINE, A, B)


def test_where_both_are_alike_there_is_no_gradient():
    layer, bottom, top = built = build(LINE, A, A)
    run(built, [A, A])
    top[0].diff[...] = 1
    layer.backward(top, [True, True], bottom)
    assert not bottom[0].diff.any() and not bottom[1].diff.any()


def test_counts_are_checked():
    with pytest.raises(ShapeError, match="equally many"):
        build(LINE, A, B[:, :2])


def test_weights_of_items():
    weights = [0.5, 0, 2, 1]
    assert_allclose(run(build(LINE, A, B, weights), [A, B, weights])[0],
                    (abs(A - B).sum((1, 2)) * weights).sum() / 4, rtol=1e-5)
    check_gradient(LINE, A, B, weights)
