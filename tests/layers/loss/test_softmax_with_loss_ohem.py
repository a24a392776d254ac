"""SoftmaxWithLossOHEM: what it has beside SoftmaxWithLoss."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

X, LABELS = random(6, 5), np.array([2, 1, 0, 4, 1, 3])
MAPS, OF_MAPS = random(2, 4, 3, 2), np.arange(12).reshape(2, 1, 3, 2) % 4


def line(words="", tops=1):
    tops = "".join(f'top: "{t}" ' for t in "xyz"[:tops])
    return f'{tops}type: "SoftmaxWithLossOHEM" loss_param {{ {words} }}'


def losses(x, labels):
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    index = labels.reshape(x.shape[0], 1, *x.shape[2:])
    return -np.log(np.take_along_axis(p, index, 1)).reshape(labels.shape)


@pytest.mark.parametrize("x, labels", [(X, LABELS), (MAPS, OF_MAPS)])
def test_the_loss_of_each(x, labels):
    loss, p, each = run(build(line(tops=3), x, labels), [x, labels])
    assert_allclose(each, losses(x, labels), rtol=1e-5)
    assert_allclose(loss, each.mean(), rtol=1e-5)
    assert p.shape == x.shape and not p.any(), "as in the original, which writes it for two tops"
    for tops in (1, 2, 3):
        check_gradient(line(tops=tops), x, labels)


def test_probabilities():
    _, p = run(build(line(tops=2), X, LABELS), [X, LABELS])
    assert_allclose(p, np.exp(X) / np.exp(X).sum(1, keepdims=True), rtol=1e-5)


@pytest.mark.parametrize("words, divisor", [
    ("normalization: PRE_FIXED pre_fixed_normalizer: 128", 128),
    ("normalization: PRE_FIXED", 1), ("normalization: BATCH_SIZE", 6),
    ("pre_fixed_normalizer: 128", 6), ("", 6),
])
def test_normalizers(words, divisor):
    loss, = run(build(line(words), X, LABELS), [X, LABELS])
    assert_allclose(loss, losses(X, LABELS).sum() / divisor, rtol=1e-5)
    check_gradient(line(words), X, LABELS)


def test_ignored_labels():
    words = line("ignore_label: 1", tops=3)
    loss, _, each = run(build(words, X, LABELS), [X, LABELS])
    expected = np.where(LABELS == 1, 0, losses(X, LABELS))
    assert_allclose(each, expected, rtol=1e-5)
    assert_allclose(loss, expected.sum() / 4, rtol=1e-5)
    labels = np.where(LABELS == 1, -1, LABELS)
    words = line("ignore_label: -1", tops=3)
    assert_allclose(run(build(words, X, labels), [X, labels])[2], expected, rtol=1e-5)
    check_gradient(words, X, labels)
