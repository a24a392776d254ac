import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

LINE = 'type: "LSTMUnit"'
C, A, CONT = random(1, 4, 3), random(1, 4, 12), np.array([[1, 0, 1, 0]])


def test_lstm_unit():
    i, f, o = (1 / (1 + np.exp(-A[..., 3 * n : 3 * n + 3])) for n in range(3))
    expected = CONT[..., None] * f * C + i * np.tanh(A[..., 9:])
    c, h = run(build(LINE, C, A, CONT), [C, A, CONT])
    assert_allclose(c, expected, rtol=1e-4, atol=1e-6)
    assert_allclose(h, o * np.tanh(expected), rtol=1e-4, atol=1e-6)
    check_gradient(LINE, C, A, CONT)


def test_shapes():
    with pytest.raises(ShapeError, match="1 x N x 4D"):
        build(LINE, C, C, CONT)
