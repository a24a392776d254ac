import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, random, run

from caffepy.errors import ConfigError, DataError, ShapeError

X = random(12, 5)
LABELS = np.arange(12) % 4  # class 4 does not occur


def line(param="", tops=1):
    names = " ".join(f'top: "{name}"' for name in ("accuracy", "of_class")[:tops])
    return f'type: "Accuracy" accuracy_param {{ {param} }} {names}'


def naive(x, labels, top_k):
    """Whether each label is among the top_k scores of its row."""
    best = np.argsort(-x)[:, :top_k]
    return (best == labels[:, None]).any(1)


@pytest.mark.parametrize("top_k", [1, 2, 5])
def test_top_k(top_k):
    right = naive(X, LABELS, top_k)
    accuracy, of_class = run(build(line(f"top_k: {top_k}", tops=2), X, LABELS), [X, LABELS])
    assert_allclose(accuracy, right.mean(), rtol=1e-6)
    assert_allclose(of_class, [right[LABELS == c].mean() if c < 4 else 0 for c in range(5)],
                    rtol=1e-6)


@pytest.mark.parametrize("top_k", [2, 3])
def test_the_least_distance_is_the_answer(top_k):
    accuracy, = run(build(line(f"top_k: {top_k} min_is_better: true"), X, LABELS), [X, LABELS])
    right = naive(-X, LABELS, top_k)
    assert 0 < right.mean() != naive(X, LABELS, top_k).mean()
    assert_allclose(accuracy, right.mean(), rtol=1e-6)


def test_positions_axis_and_ignored_labels():
    x = X.reshape(3, 4, 5).transpose(0, 2, 1)  # 3 items, 5 classes, 4 positions
    labels = LABELS.reshape(3, 4)
    right = naive(X, LABELS, 1)[LABELS != 2]
    built = build(line("ignore_label: 2"), x, labels)
    assert_allclose(run(built, [x, labels])[0], right.mean(), rtol=1e-6)
    y = X.reshape(3, 4, 5)
    built = build(line("ignore_label: 2 axis: -1"), y, labels)
    assert_allclose(run(built, [y, labels])[0], right.mean(), rtol=1e-6)


def test_nothing_counts():
    built = build(line("ignore_label: 7", tops=2), X, 7 + 0 * LABELS)
    accuracy, of_class = run(built, [X, 7 + 0 * LABELS])
    assert accuracy == 0
    assert not of_class.any()


@pytest.mark.parametrize("value", [1, float("nan")])
def test_ties_and_not_a_number_are_wrong(value):
    x = np.full((12, 5), value)
    assert run(build(line(), x, LABELS), [x, LABELS])[0] == 0


def test_another_batch():
    built = build(line(), X, LABELS)
    layer, bottom, top = built
    run(built, [X, LABELS])
    bottom[0].reshape(4, 5)
    bottom[1].reshape(4)
    layer.reshape(bottom, top)
    assert_allclose(run(built, [X[:4], LABELS[:4]])[0], naive(X[:4], LABELS[:4], 1).mean())


def test_errors():
    with pytest.raises(ConfigError, match="top_k.*allowed: 1 to 5"):
        build(line("top_k: 6"), X, LABELS)
    with pytest.raises(ShapeError, match="one label for each position"):
        build(line(), X, LABELS[:, None] + np.zeros(2))
    with pytest.raises(DataError, match="counted from 1"):
        run(build(line(), X, LABELS + 2), [X, LABELS + 2])


def test_there_is_no_gradient():
    layer, bottom, top = build(line(), X, LABELS)
    with pytest.raises(ConfigError, match="no gradient"):
        layer.backward(top, [True, False], bottom)
