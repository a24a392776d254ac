"""DiceCoefLoss."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

A, B = np.abs(random(3, 1, 4, 2)), np.abs(random(3, 1, 4, 2, seed=3))


def dice(a, b, smooth):
    return (2 * (a * b).sum() + smooth) / ((a**2).sum() + (b**2).sum() + smooth)


@pytest.mark.parametrize("words, smooth", [("", 1), ("dice_coef_loss_param { smooth: 0.1 }", 0.1)])
def test_formula(words, smooth):
    line = f'type: "DiceCoefLoss" {words}'
    expected = 1 - np.mean([dice(a, b, smooth) for a, b in zip(A, B, strict=True)])
    assert_allclose(run(build(line, A, B), [A, B])[0], expected, rtol=1e-5)
    check_gradient(line, A[:1], B[:1], other_batch=False)


def test_gradients_are_not_divided_by_the_batch():
    layer, bottom, top = build('type: "DiceCoefLoss"', A, B)
    top[0].diff[...] = 0.5
    layer.backward(top, [True, True], bottom)
    whole = [blob.diff.copy() for blob in bottom]
    for i in range(3):
        one, single, out = build('type: "DiceCoefLoss"', A[i : i + 1], B[i : i + 1])
        out[0].diff[...] = 0.5
        one.backward(out, [True, True], single)
        for gradients, blob in zip(whole, single, strict=True):
            assert_allclose(gradients[i : i + 1], blob.diff, rtol=1e-5)


def test_both_are_as_many():
    with pytest.raises(ShapeError, match="as many numbers"):
        build('type: "DiceCoefLoss"', A, B[:, :, 1:])
