import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import DataError, ShapeError

X, LABELS = random(6, 5), [2, 1, 0, 4, 1, 3]


def line(norm):
    return f'type: "HingeLoss" hinge_loss_param {{ norm: {norm} }}'


@pytest.mark.parametrize("norm", ["L1", "L2"])
def test_hinge_loss(norm):
    sign = np.where(np.eye(5)[LABELS] == 1, 1, -1)
    margin = np.maximum(0, 1 - sign * X)
    expected = (margin if norm == "L1" else margin**2).sum() / 6
    assert_allclose(run(build(line(norm), X, LABELS), [X, LABELS])[0], expected, rtol=1e-5)
    check_gradient(line(norm), X, LABELS, kink=1, kink_range=0.01)
    check_gradient(line(norm), X.reshape(6, 5, 1, 1), LABELS, kink=1, kink_range=0.01)


def test_labels_are_checked():
    with pytest.raises(DataError, match="item 1 of the batch.*counted from 1"):
        run(build(line("L1"), X, LABELS), [X, [2, 5, 0, 4, 1, 3]])
    with pytest.raises(ShapeError, match="one label for each item"):
        run(build(line("L1"), X, (6, 2)), [X, (6, 2)])
