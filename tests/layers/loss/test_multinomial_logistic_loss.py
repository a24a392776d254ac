import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import DataError

LINE = 'type: "MultinomialLogisticLoss"'
P, LABELS = np.abs(random(6, 5)) + 0.2, np.array([2, 1, 0, 4, 1, 3])


def test_multinomial_logistic_loss():
    expected = -np.log(P[np.arange(6), LABELS]).mean()
    assert_allclose(run(build(LINE, P, LABELS), [P, LABELS])[0], expected, rtol=1e-5)
    check_gradient(LINE, P, LABELS)


def test_a_probability_of_zero():
    p = [[0.0, 1.0]]
    assert_allclose(run(build(LINE, p, [0]), [p, [0]])[0], -np.log(1e-20), rtol=1e-5)


def test_labels_are_checked():
    with pytest.raises(DataError, match="counted from 1"):
        run(build(LINE, P, LABELS), [P, LABELS + 1])
