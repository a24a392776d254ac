import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import CaffeError

X = random(2, 3, 4, 5)
LINE = 'type: "Eltwise" bottom: "x" eltwise_param { %s }'


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("words, coeff", [
    ("", 1), ("coeff: 0.625", 0.625), ("operation: SUM coeff: -20", -20),
    ("operation: MAX", 1), ("operation: PROD", 1),
])
def test_one_bottom_is_scaled(words, coeff, inplace):
    built = build(LINE % words, X, inplace=inplace)
    assert_allclose(run(built, [X])[0], coeff * X, rtol=1e-6)
    check_gradient(LINE % words, X, inplace=inplace)


@pytest.mark.parametrize("words, message", [
    ("coeff: 1 coeff: 2", "once per bottom.*2 for 1 bottom"),
    ("operation: MAX coeff: 2", "for sums only.*MAX"),
])
def test_bad_parameters(words, message):
    with pytest.raises(CaffeError, match=message):
        build(LINE % words, X)


def test_nothing_is_kept():
    assert build(LINE % "", X)[0].keeps == ()
    assert build(LINE % "", np.ones(3))[1][0].shape == (3,)
