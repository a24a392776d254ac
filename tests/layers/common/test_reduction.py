import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

X = random(2, 3, 4)
OPERATIONS = {
    "SUM": np.sum,
    "ASUM": lambda x, axis: np.abs(x).sum(axis),
    "SUMSQ": lambda x, axis: (x * x).sum(axis),
    "MEAN": np.mean,
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_reduction(operation, axis):
    text = (f'type: "Reduction" reduction_param {{ operation: {operation} axis: {axis} '
            "coeff: 2.5 }")
    axes = tuple(range(axis % 3, 3))
    y = run(build(text, X), [X])[0]
    assert y.shape == X.shape[: axis % 3]
    assert_allclose(y, 2.5 * OPERATIONS[operation](X, axis=axes), rtol=1e-4, atol=1e-5)
    check_gradient(text, X, kink=0, kink_range=0.01)


def test_default_is_the_sum_of_all():
    assert_allclose(run(build('type: "Reduction"', X), [X])[0], X.sum(), rtol=1e-5)


def test_axis():
    with pytest.raises(ShapeError, match="axis 3 does not exist"):
        build('type: "Reduction" reduction_param { axis: 3 }', X)
