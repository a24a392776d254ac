import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.core.memory import Place
from caffepy.errors import ConfigError, DataError, ShapeError

X = random(4, 5, 2, 3)
LABELS = np.arange(24).reshape(4, 2, 3) % 5
MODES = {"FULL": 24, "VALID": 19, "BATCH_SIZE": 4, "NONE": 1}


def line(loss_param="", more=""):
    return f'type: "SoftmaxWithLoss" loss_param {{ {loss_param} }} {more}'


def log_probabilities(x):
    return x - np.log(np.exp(x).sum(1, keepdims=True))


@pytest.mark.parametrize("mode", MODES)
def test_normalization(mode):
    text = line(f"ignore_label: 1 normalization: {mode}")
    losses = -np.take_along_axis(log_probabilities(X), LABELS[:, None], 1)[:, 0]
    expected = losses[LABELS != 1].sum() / MODES[mode]
    assert_allclose(run(build(text, X, LABELS), [X, LABELS])[0], expected, rtol=1e-5)
    check_gradient(text, X, LABELS)


@pytest.mark.parametrize("param, divisor", [
    ("", 24), ("normalize: true", 24), ("normalize: false", 4),
    ("normalize: false normalization: NONE", 1),
])
def test_the_older_normalize_field(param, divisor):
    losses = -np.take_along_axis(log_probabilities(X), LABELS[:, None], 1)
    built = build(line(param), X, LABELS)
    assert_allclose(run(built, [X, LABELS])[0], losses.sum() / divisor, rtol=1e-5)


def test_axis_and_second_top():
    x = np.moveaxis(X, 1, 3)
    text = line(more='softmax_param { axis: -1 } top: "loss" top: "p"')
    loss, p = run(build(text, x, LABELS), [x, LABELS])
    assert_allclose(p, np.moveaxis(np.exp(log_probabilities(X)), 1, 3), rtol=1e-5)
    assert_allclose(loss, run(build(line(), X, LABELS), [X, LABELS])[0], rtol=1e-6)
    check_gradient(text, x, LABELS)


def test_scores_in_channels_last_order():
    layer, bottom, top = built = build(line("ignore_label: 2"), X, LABELS)
    loss = run(built, [X, LABELS])[0]
    gradients = []
    for place in (Place.HOST, Place.HOST_LAST):
        bottom[0].values.overwrite(place)[...] = X
        layer.forward(bottom, top)
        assert_allclose(top[0].data, loss, rtol=1e-6)
        top[0].diff[...] = 0.5
        layer.backward(top, [True, False], bottom)
        gradients.append(bottom[0].diff.copy())
    assert_allclose(*gradients, rtol=1e-5, atol=1e-8)


def test_a_batch_without_labels_that_count():
    built = build(line("ignore_label: 9"), X, 9 + 0 * LABELS)
    layer, bottom, top = built
    assert run(built, [X, 9 + 0 * LABELS])[0] == 0
    top[0].diff[...] = 1
    layer.backward(top, [True, False], bottom)
    assert not bottom[0].diff.any()


def test_a_diverged_net_shows_the_originals_loss():
    x = np.array([[0.0, 1e4]])
    assert_allclose(run(build(line(), x, [0]), [x, [0]])[0], 87.3365, rtol=1e-6)


@pytest.mark.parametrize("label, message", [
    (5, r"layer 'layer' \(SoftmaxWithLoss\): the label of item 2 of the batch is not one of the 5 "
        r"classes \(found 5; allowed: 0 to 4\). Are the labels counted from 1\?"),
    (-1, "found -1.*ignore_label: -1"),
    (255, "found 255.*ignore_label: 255"),
    (float("nan"), "found nan"),
    (7, "found 7"),
])
def test_labels_are_checked(label, message):
    x, labels = X[:, :, 0, 0], np.array([0, 4, label, 1])
    with pytest.raises(DataError, match=message):
        run(build(line(), x, labels), [x, labels])


def test_labels_are_checked_beside_ignored_ones():
    labels = np.where(LABELS == 1, 255, LABELS)
    labels[3, 1, 2] = 6
    built = build(line("ignore_label: 255"), X, labels)
    with pytest.raises(DataError, match=r"item 3 of the batch at \(1, 2\).*found 6"):
        run(built, [X, labels])


def test_label_counts_are_checked():
    with pytest.raises(ShapeError, match="one label for each position.*allowed: 24 labels"):
        build(line(), X, LABELS[:, 0])
    with pytest.raises(ShapeError, match="same batch size"):
        build(line(), X, LABELS[:3])


@pytest.mark.parametrize("words, divisor", [
    ("", 6), ("ignore_label: 1", 4), ("normalize: false", 6), ("normalization: NONE", 1)])
def test_segnets_weights_of_classes(words, divisor):
    """Positions count what their classes do, and are divided by their plain number."""
    x, labels = random(6, 4), np.array([2, 1, 0, 3, 1, 3])
    weights = np.array([0.5, 2, 1, 0.25])
    line = (f'type: "SoftmaxWithLoss" loss_param {{ weight_by_label_freqs: true {words} '
            f'{" ".join(f"class_weighting: {w}" for w in weights)} }}')
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    each = -np.log(p[np.arange(6), labels]) * weights[labels]
    if "ignore" in words:
        each[labels == 1] = 0
    loss, = run(build(line, x, labels), [x, labels])
    assert_allclose(loss, each.sum() / divisor, rtol=1e-5)
    check_gradient(line, x, labels)
    off = line.replace("weight_by_label_freqs: true", "")  # weights alone say nothing, as there
    plain = f'type: "SoftmaxWithLoss" loss_param {{ {words} }}'
    assert run(build(off, x, labels), [x, labels]) == run(build(plain, x, labels), [x, labels])
    with pytest.raises(ConfigError, match="a class_weighting for each class"):
        build(line, random(6, 5), labels)
