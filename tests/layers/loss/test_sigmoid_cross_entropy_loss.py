import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

X = random(5, 4)
T = np.random.default_rng(2).integers(-1, 2, (5, 4))  # -1 is not known


def line(param=""):
    return f'type: "SigmoidCrossEntropyLoss" loss_param {{ {param} }}'


@pytest.mark.parametrize("param, divisor", [
    ("", 5), ("normalize: true", 20), ("normalization: FULL", 20), ("normalization: NONE", 1),
])
def test_default_is_to_divide_by_the_batch(param, divisor):
    t = np.abs(T) * 0.8
    p = 1 / (1 + np.exp(-X))
    expected = -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum() / divisor
    assert_allclose(run(build(line(param), X, t), [X, t])[0], expected, rtol=1e-5)
    check_gradient(line(param), X, t)


def test_ignored_targets():
    text = line("ignore_label: -1 normalization: VALID")
    p = 1 / (1 + np.exp(-X))
    expected = -np.where(T == 1, np.log(p), np.log(1 - p))[T != -1].mean()
    assert_allclose(run(build(text, X, T), [X, T])[0], expected, rtol=1e-5)
    check_gradient(text, X, T)


def test_large_scores_do_not_overflow():
    x, t = np.array([[-1e30, 1e30]]), np.array([[0, 1]])
    assert run(build(line(), x, t), [x, t])[0] == 0


def test_counts_are_checked():
    with pytest.raises(ShapeError, match="one target for each score"):
        build(line(), X, T[:, :2])


@pytest.mark.parametrize("shape", [(5, 4), (5,)])
def test_a_third_bottom_weighs_numbers_or_items(shape):
    weights = abs(random(*shape, seed=4)) + 0.5
    w = np.broadcast_to(weights.reshape(5, -1), (5, 4))
    p = 1 / (1 + np.exp(-X))
    each = -np.where(T == 1, np.log(p), np.log(1 - p)) * w * (T != -1)
    text = line("ignore_label: -1 normalization: VALID soft_labels: true")
    assert_allclose(run(build(text, X, T, weights), [X, T, weights])[0],
                    each.sum() / w[T != -1].sum(), rtol=1e-5)
    check_gradient(text, X, T, weights)
    t = np.abs(T) * 0.8
    expected = -(w * (t * np.log(p) + (1 - t) * np.log(1 - p))).sum() / 5
    assert_allclose(run(build(line(), X, t, weights), [X, t, weights])[0], expected, rtol=1e-5)
    check_gradient(line(), X, t, weights)
