"""SegAccuracy against a count of pixels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, random, run

from caffepy.errors import DataError, ShapeError

X = random(2, 4, 3, 5)
LABELS = np.arange(30).reshape(2, 1, 3, 5) * 7 % 3  # the last class does not occur


def line(words=""):
    return f'type: "SegAccuracy" seg_accuracy_param {{ {words} }}'


def measures(answers, labels):
    right = answers == labels
    recalls = [right[labels == c].mean() for c in range(4) if (labels == c).any()]
    unions = [((answers == c) | (labels == c)).sum() for c in range(4)]
    ious = [(right & (labels == c)).sum() / n if n else 1 for c, n in enumerate(unions)]
    return right.mean(), np.mean(recalls), np.mean(ious)


def test_measures():
    y, = run(build(line(), X, LABELS), [X, LABELS])
    assert y.shape == (1, 1, 1, 3)
    assert_allclose(y.ravel(), measures(X.argmax(1)[:, None], LABELS), rtol=1e-6)


def test_a_class_that_is_nowhere():
    x = X.copy()
    x[:, 3] = -99
    y, = run(build(line(), x, LABELS), [x, LABELS])
    assert_allclose(y.ravel(), measures(x.argmax(1)[:, None], LABELS), rtol=1e-6)


def test_ignored_labels_may_be_no_classes():
    labels = LABELS.copy()
    labels[0, 0, 0] = 255
    labels[1, 0, 1] = -1
    kept = (labels != 255) & (labels != -1) & (labels != 2)
    y, = run(build(line("ignore_label: 255 ignore_label: 2 ignore_label: -1"), X, labels),
             [X, labels])
    assert_allclose(y.ravel(), measures(X.argmax(1)[:, None][kept], labels[kept]), rtol=1e-6)
    with pytest.raises(DataError, match="not one of the 4 classes"):
        run(build(line("ignore_label: 255"), X, labels), [X, labels])


@pytest.mark.parametrize("reset", [True, False])
def test_batches_add_up(reset):
    built = build(line(f"reset: {str(reset).lower()}"), X, LABELS)
    other = random(3, 4, 3, 5, seed=4), np.arange(45).reshape(3, 1, 3, 5) % 4
    run(built, [X, LABELS])
    layer, bottom, top = built
    for blob, values in zip(bottom, other, strict=True):
        blob.reshape(*values.shape)
    layer.reshape(bottom, top)
    y, = run(built, other)
    answers = [x.argmax(1)[:, None] for x in ((X, other[0]) if not reset else (other[0],))]
    labels = (LABELS, other[1]) if not reset else (other[1],)
    assert_allclose(y.ravel(), measures(np.concatenate(answers), np.concatenate(labels)),
                    rtol=1e-6)


def test_of_equal_scores_the_last_wins():
    x, labels = np.zeros((1, 4, 1, 2)), np.array([[[[3, 0]]]])
    assert run(build(line(), x, labels), [x, labels])[0].ravel()[0] == 0.5


def test_labels_are_as_many_as_pixels():
    with pytest.raises(ShapeError, match="one label for each position"):
        build(line(), X, LABELS[:, :, 1:])
