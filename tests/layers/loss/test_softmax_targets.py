"""What SoftmaxWithLoss learns besides the label's class, each formula written out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, DataError, ShapeError

X = random(4, 5, 2, 3)
LABELS = np.arange(24).reshape(4, 2, 3) % 5
ONE_HOT = np.moveaxis(np.eye(5)[LABELS], -1, 1)
LOG = X - np.log(np.exp(X).sum(1, keepdims=True))
EACH = -(ONE_HOT * LOG).sum(1)  # of each position
SOFT = (lambda y: y / y.sum(1, keepdims=True))(np.abs(random(4, 5, 2, 3, seed=3)))


def line(loss_param="", softmax_param=""):
    return (f'type: "SoftmaxWithLoss" loss_param {{ {loss_param} }} '
            f'softmax_param {{ {softmax_param} }}')


def loss(text, *bottoms):
    return run(build(text, *bottoms), bottoms)[0]


@pytest.mark.parametrize("text, on, off", [
    (line("label_smoothing: 0.2"), 0.8, 0.04),  # Intel: of the label, of each other class
    (line(softmax_param="label_smooth_factor: 0.2"), 0.8, 0.05),  # happynear
])
def test_smoothed_labels(text, on, off):
    t = off + (on - off) * ONE_HOT
    assert_allclose(loss(text, X, LABELS), -(t * LOG).sum() / 24, rtol=1e-5)
    check_gradient(text, X, LABELS)
    ignoring = text.replace("loss_param {", "loss_param { ignore_label: 1")
    each = -(t * LOG).sum(1)
    assert_allclose(loss(ignoring, X, LABELS), each[LABELS != 1].sum() / 19, rtol=1e-5)
    check_gradient(ignoring, X, LABELS)


def test_intels_gradient_of_smoothed_labels():
    """(1 - e / C) p, less e / C, less 1 - e - e / C more at the label; as its fork computes it."""
    x, labels = X[:, :, 0, 0], LABELS[:, 0, 0]
    layer, bottom, top = built = build(line("label_smoothing: 0.2"), x, labels)
    run(built, [x, labels])
    top[0].diff[...] = 1
    layer.backward(top, [True, False], bottom)
    alpha, beta = 0.8, 0.2 / 5
    dx = (alpha + 4 * beta) * np.exp(LOG[:, :, 0, 0]) - beta
    dx[np.arange(4), labels] += beta - alpha
    assert_allclose(bottom[0].diff, dx / 4, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("words, divisor", [("", 24), ("normalization: BATCH_SIZE", 4)])
def test_soft_labels(words, divisor):
    text = line(f"soft_labels: true {words}")
    assert_allclose(loss(text, X, SOFT), -(SOFT * LOG).sum() / divisor, rtol=1e-5)
    assert_allclose(loss(text, X, ONE_HOT), EACH.sum() / divisor, rtol=1e-5)
    check_gradient(text, X, SOFT)


def test_soft_labels_along_another_axis_smoothed_and_weighted():
    text = line("soft_labels: true label_smoothing: 0.2",
                "axis: -1 class_weight: [1, 2, 0.5, 1, 3]")
    t = 0.8 * SOFT + 0.04 * (1 - SOFT)
    expected = -(t * LOG * np.reshape([1, 2, 0.5, 1, 3], (5, 1, 1))).sum() / 24
    x, y = np.moveaxis(X, 1, 3), np.moveaxis(SOFT, 1, 3)
    assert_allclose(loss(text, x, y), expected, rtol=1e-5)
    check_gradient(text, x, y)


def test_a_third_bottom_weighs_positions_or_items():
    """As in Intel's and happynear's forks the sum of the weights takes the place of the count."""
    weights = np.abs(random(4, 2, 3, seed=5)) * (LABELS != 2)
    assert_allclose(loss(line(), X, LABELS, weights), (weights * EACH).sum() / weights.sum(),
                    rtol=1e-5)
    check_gradient(line(), X, LABELS, weights)
    items = np.array([0.5, 0, 2, 1])
    expected = (items[:, None, None] * EACH).sum()
    assert_allclose(loss(line(), X, LABELS, items), expected / (6 * 3.5), rtol=1e-5)
    text = line("normalization: NONE label_smoothing: 0 ignore_label: 0", "class_weight: 1 "
                "class_weight: 2 class_weight: 3 class_weight: 4 class_weight: 0.5")
    by_class = np.array([0, 2, 3, 4, 0.5])[LABELS]
    assert_allclose(loss(text, X, LABELS, weights), (weights * by_class * EACH).sum(), rtol=1e-5)
    check_gradient(text, X, LABELS, weights)
    soft = line("soft_labels: true")
    expected = (items[:, None, None] * -(SOFT * LOG).sum(1)).sum() / (6 * 3.5)
    assert_allclose(loss(soft, X, SOFT, items), expected, rtol=1e-5)
    check_gradient(soft, X, SOFT, items)


def test_weights_of_less_than_one_together_divide_by_one():
    assert_allclose(loss(line(), X, LABELS, np.full(4, 0.01)), 0.01 * EACH.sum(), rtol=1e-5)
    assert loss(line(), X, LABELS, np.zeros(4)) == 0


def test_class_weight_alone_is_that_of_the_labels_class():
    text = line(softmax_param="class_weight: [1, 2, 0.5, 1, 3]")
    by_class = np.array([1, 2, 0.5, 1, 3])[LABELS]
    assert_allclose(loss(text, X, LABELS), (by_class * EACH).sum() / 24, rtol=1e-5)
    check_gradient(text, X, LABELS)


def test_hard_examples():
    """Those below the loss at place n (1 - r) of the sorted do not count."""
    text = line(softmax_param="hard_ratio: 0.25")
    hard = np.sort(EACH.ravel())[18:]
    assert_allclose(loss(text, X, LABELS), hard.mean(), rtol=1e-5)
    check_gradient(text, X, LABELS, step=1e-4)
    text = line(softmax_param="hard_ratio: 0.25 hard_mining_label: 3")
    kept = (EACH >= hard[0]) | (LABELS != 3)
    assert 0 < kept.sum() < 24
    assert_allclose(loss(text, X, LABELS), EACH[kept].mean(), rtol=1e-5)
    check_gradient(text, X, LABELS, step=1e-4)


def test_sure_examples_are_cut():
    text = line(softmax_param="cutting_point: 0.3")
    unsure = np.exp(-EACH) <= 0.3
    assert 0 < unsure.sum() < 24
    assert_allclose(loss(text, X, LABELS), EACH[unsure].sum() / 24, rtol=1e-5)
    check_gradient(text, X, LABELS, step=1e-4)
    only = line(softmax_param="cutting_point: 0.3 hard_mining_label: 3")
    assert_allclose(loss(only, X, LABELS), EACH[unsure | (LABELS != 3)].sum() / 24, rtol=1e-5)


def test_labels_of_another_kind_are_told():
    with pytest.raises(ShapeError, match="one label for each position.*soft_labels: true"):
        build(line(), X, SOFT)
    with pytest.raises(ShapeError, match="the shape of the scores.*a loss of its own"):
        build(line("soft_labels: true"), X, LABELS)
    bad = SOFT.copy()
    bad[2, :, 1, 0] *= 2
    with pytest.raises(DataError, match="soft labels of item 2.*together 2\\).*Sigmoid"):
        loss(line("soft_labels: true"), X, bad)
    bad = np.concatenate([SOFT[:, :1] - 1, SOFT[:, 1:2] + 1, SOFT[:, 2:]], 1)
    with pytest.raises(DataError, match="item 0 .*the least -"):
        loss(line("soft_labels: true"), X, bad)
    with pytest.raises(DataError, match="label of item 0 .*not one of the 5"):
        loss(line("label_smoothing: 0.1"), X, LABELS + 5)
    with pytest.raises(ShapeError, match=r"weight for each item.*found shape \(3,\)"):
        loss(line(), X, LABELS, np.ones(3))
    with pytest.raises(DataError, match="must not be negative.*found -1 at"):
        loss(line(), X, LABELS, np.array([1, -1, 1, 1]))


@pytest.mark.parametrize("loss_param, softmax_param, message", [
    ("label_smoothing: 1", "", "label_smoothing is a share"),
    ("", "label_smooth_factor: -0.1", "label_smooth_factor is a share"),
    ("label_smoothing: 0.1", "label_smooth_factor: 0.1", "exclude each other"),
    ("", "hard_ratio: 0", "hard_ratio is the share"),
    ("", "cutting_point: 1.5", "cutting_point is a probability"),
    ("soft_labels: true ignore_label: 1", "", "soft_labels have no class"),
    ("weight_by_label_freqs: true", "class_weight: 1", "exclude each other"),
    ("", "class_weight: 1", "class_weight needs a number for each class"),
])
def test_wrong_words_are_refused(loss_param, softmax_param, message):
    labels = SOFT if "soft" in loss_param else LABELS
    with pytest.raises(ConfigError, match=message):
        build(line(loss_param, softmax_param), X, labels)
