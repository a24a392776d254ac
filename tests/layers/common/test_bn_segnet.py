"""What SegNet's BN alone has; the rest is in test_bn.py."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError

X = random(4, 3, 2, 5) * 2 + 1
SEGNET = 'type: "BN" bn_param { scale_filler { type: "gaussian" std: 1 } %s }'


@pytest.mark.parametrize("inplace", [False, True])
def test_folded_statistics(inplace):
    built = build(SEGNET % "bn_mode: INFERENCE", X, inplace=inplace)
    scale, shift = random(1, 3, 1, 1), random(1, 3, 1, 1, seed=2)
    for blob, values in zip(built[0].blobs, (scale, shift), strict=True):
        blob.data[...] = values
    assert_allclose(run(built, [X])[0], X * scale + shift, rtol=1e-5, atol=1e-5)


def test_numbers_that_are_alike_give_the_shift():
    x = np.full((2, 3, 2, 2), 3.0)
    built = build(SEGNET % "shift_filler { type: 'constant' value: 0.25 }", x)
    assert_allclose(run(built, [x])[0], 0.25, atol=1e-2)


def test_further_tops_tell_the_batch():
    tops = 'top: "y" top: "mean" top: "variance" '
    built = build(tops + 'type: "BN"', X)  # several tops are SegNet's
    y, mean, variance = run(built, [X])
    assert_allclose(mean.ravel(), X.mean((0, 2, 3)), rtol=1e-5)
    assert_allclose(variance.ravel(), X.var((0, 2, 3)), rtol=1e-5)
    assert mean.shape == variance.shape == (1, 3, 1, 1)
    check_gradient(tops + SEGNET % "", X, tops=(0,), step=1e-3)
    with pytest.raises(ConfigError, match="no statistics"):
        build(tops + SEGNET % "bn_mode: INFERENCE", X)
