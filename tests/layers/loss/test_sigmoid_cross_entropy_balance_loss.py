"""SigmoidCrossEntropyBalanceLoss."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

LINE = 'type: "SigmoidCrossEntropyBalanceLoss"'
X = random(3, 1, 4, 5) * 2
T = (random(3, 1, 4, 5, seed=8) > 0.7).astype(float)
T[2] = 0  # no edge at all


def test_formula():
    p, loss = 1 / (1 + np.exp(-X)), 0
    for x, t in zip(p, T, strict=True):
        share = t.mean()
        loss -= ((1 - share) * np.log(x[t == 1])).sum() + (share * np.log(1 - x[t == 0])).sum()
    assert_allclose(run(build(LINE, X, T), [X, T])[0], loss / 3, rtol=1e-5)
    check_gradient(LINE, X, T)
    check_gradient(LINE, X, T.reshape(3, 20))


def test_other_targets_count_nowhere_but_in_the_gradient():
    x, t = np.array([[0.3, -2, 1, 4, 800]]), np.array([[1, 0, 0, 0.25, -1]])
    layer, bottom, top = built = build(LINE, x, t)
    loss, = run(built, [x, t])
    few = x[:, :3], t[:, :3]
    assert_allclose(loss, run(build(LINE, *few), few)[0], rtol=1e-5)
    top[0].diff[...] = 2
    layer.backward(top, [True, False], bottom)
    p = 1 / (1 + np.exp(-x))
    by = [[2 / 3, 1 / 3, 1 / 3, 1, 1]]
    assert_allclose(bottom[0].diff, 2 * np.array(by) * (p - t), rtol=1e-5)


def test_nothing_but_other_targets():
    assert run(build(LINE, (2, 3), np.full((2, 3), 0.5)), [(2, 3), np.full((2, 3), 0.5)])[0] == 0


def test_targets_and_scores_are_as_many():
    with pytest.raises(ShapeError, match="one target for each score"):
        build(LINE, X, T[:, :, 1:])
