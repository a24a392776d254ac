import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError

LINE = 'type: "Normalize" normalize_param { %s }'
X = random(2, 3, 2, 4)


def test_channels_come_to_length_1():
    y = run(build(LINE % "", X), [X])[0]
    assert_allclose(y, X / np.sqrt((X**2).sum(1, keepdims=True) + 1e-6), rtol=1e-5)
    y = run(build(LINE % 'normalize_type: "L1"', X), [X])[0]
    assert_allclose(y, X / (np.abs(X).sum(1, keepdims=True) + 1e-6), rtol=1e-5)


def test_the_top_has_four_axes_and_lengths():
    x = random(4, 5)
    y, n = run(build(LINE % "" + 'top: "y" top: "n"', x), [x])
    assert y.shape == (4, 5, 1, 1) and n.shape == (4, 1, 1, 1)
    assert_allclose(n.reshape(4), np.sqrt((x**2).sum(1)), rtol=1e-4)


@pytest.mark.parametrize("kind", ["L1", "L2"])
def test_gradient(kind):
    words = f'normalize_type: "{kind}" bp_norm: true'
    # corners are where a number or, within a step, its sign changes
    check_gradient(LINE % words + 'top: "y" top: "n"', X, kink=0, kink_range=0.02)
    check_gradient(LINE % words, random(4, 5), kink=0, kink_range=0.02)


def test_without_bp_norm_the_lengths_give_no_gradient():
    check_gradient(LINE % "" + 'top: "y" top: "n"', X, tops=[0])
    layer, bottom, top = built = build(LINE % "" + 'top: "y" top: "n"', X)
    run(built, [X])
    top[0].diff[...], top[1].diff[...] = 0, 1
    layer.backward(top, [True], bottom)
    assert not bottom[0].diff.any()


def test_mistakes():
    with pytest.raises(ConfigError, match="no such normalize_type"):
        build(LINE % 'normalize_type: "L3"', X)
    with pytest.raises(ShapeError, match="must have channels"):
        build(LINE % "", random(4))
