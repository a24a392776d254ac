import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, DataError

X = random(3, 4, 2, 3)
LABELS = np.random.default_rng(0).integers(0, 4, (3, 2, 3))


def focal(x, labels, gamma, alpha):
    """Of each position."""
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    p = np.take_along_axis(p, labels[:, None], 1)
    return -alpha * (1 - p) ** gamma * np.log(p)


@pytest.mark.parametrize("words, gamma, alpha", [
    ("", 2, 0.25), ("gamma: 1.5 alpha: 0.6", 1.5, 0.6), ("gamma: 0 alpha: 1", 0, 1),
    ("gamma: 0.5", 0.5, 0.25)])
def test_focal_loss(words, gamma, alpha):
    line = f'type: "FocalLoss" focal_loss_param {{ {words} }}'
    each = focal(X, LABELS, gamma, alpha)
    assert_allclose(run(build(line, X, LABELS), [X, LABELS])[0], each.mean(), rtol=1e-5)
    check_gradient(line, X, LABELS)


def test_ignored_labels_and_divisors():
    each, known = focal(X, LABELS, 2, 0.25)[:, 0], LABELS != 1
    for mode, divisor in (("VALID", known.sum()), ("FULL", 18), ("BATCH_SIZE", 3), ("NONE", 1)):
        line = f'type: "FocalLoss" loss_param {{ ignore_label: 1 normalization: {mode} }}'
        assert_allclose(run(build(line, X, LABELS), [X, LABELS])[0], each[known].sum() / divisor,
                        rtol=1e-5)
        check_gradient(line, X, LABELS)


def test_probabilities_are_the_second_top():
    built = build('type: "FocalLoss" top: "loss" top: "p" softmax_param { axis: 1 }', X, LABELS)
    assert_allclose(run(built, [X, LABELS])[1].sum(1), np.ones((3, 2, 3)), rtol=1e-5)


@pytest.mark.parametrize("gamma", [0, 0.5, 1, 2])
def test_what_is_certain(gamma):
    x = np.array([[200.0, 0], [0, 200]])
    layer, bottom, top = built = build(
        f'type: "FocalLoss" focal_loss_param {{ gamma: {gamma} }}', x, [0, 0])
    assert np.isfinite(run(built, [x, np.array([0, 0])])[0])
    top[0].diff[...] = 1
    layer.backward(top, [True, False], bottom)
    assert np.isfinite(bottom[0].diff).all()


def test_errors():
    with pytest.raises(ConfigError, match="LINEAR.*Write type: ORIGIN"):
        build('type: "FocalLoss" focal_loss_param { type: LINEAR }', X, LABELS)
    with pytest.raises(DataError, match="not one of the 4 classes"):
        run(build('type: "FocalLoss"', X, LABELS), [X, LABELS + 4])


T = np.random.default_rng(1).integers(-1, 2, X.shape)  # -1 is not known


@pytest.mark.parametrize("words, gamma, alpha", [("", 2, 0.25), ("gamma: 1.5 alpha: 1", 1.5, 1),
                                                 ("gamma: 0 alpha: 0.5", 0, 0.5)])
def test_a_target_for_each_score(words, gamma, alpha):
    line = f'type: "FocalLoss" focal_loss_param {{ {words} }} loss_param {{ ignore_label: -1 }}'
    p = 1 / (1 + np.exp(-X))
    each = np.where(T == 1, -alpha * (1 - p) ** gamma * np.log(p),
                    -(1 - alpha) * p**gamma * np.log(1 - p))[T != -1]
    assert_allclose(run(build(line, X, T), [X, T])[0], each.sum() / 3, rtol=1e-5)
    check_gradient(line, X, T)
    valid = line.replace("-1 }", "-1 normalize: true }")
    assert_allclose(run(build(valid, X, T), [X, T])[0], each.mean(), rtol=1e-5)


def test_soft_targets_of_scores_and_their_probabilities():
    t = np.abs(random(*X.shape, seed=2)) % 0.9
    line = 'type: "FocalLoss" top: "loss" top: "p"'
    p = 1 / (1 + np.exp(-X))
    each = -0.75 * p**2 * (t * np.log(p) + (1 - t) * np.log(1 - p))
    found, probabilities = run(build(line, X, t), [X, t])
    assert_allclose(found, each.sum() / 3, rtol=1e-5)
    assert_allclose(probabilities, p, rtol=1e-5)
    check_gradient(line, X, t, tops=(0,))


def test_certain_scores_do_not_overflow():
    x, t = np.array([[-1e4, 1e4, 1e4]]), np.array([[0, 1, 0]])
    line = 'type: "FocalLoss" focal_loss_param { gamma: 0.5 }'
    assert_allclose(run(build(line, x, t), [x, t])[0], 0.75e4, rtol=1e-5)
