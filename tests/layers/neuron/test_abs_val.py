import numpy as np
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

LINE = 'type: "AbsVal"'
X = random(2, 3, 4, 5)


def test_abs_val():
    assert_allclose(run(build(LINE, X), [X])[0], np.abs(X), rtol=1e-6)
    check_gradient(LINE, X, kink=0, kink_range=0.01)
