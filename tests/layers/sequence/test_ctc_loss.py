import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, random, run

from caffepy.errors import ConfigError, DataError, ShapeError


def line(param):
    return f'type: "CTCLoss" ctc_loss_param {{ {param} }}'


def said(path, blank, merge):
    """What a path says; without merging each class that is no blank is a label."""
    return [c for i, c in enumerate(path)
            if c != blank and not (merge and i and path[i - 1] == c)]


def probability(x, labels, blank, merge=True):
    """Of all paths that say the labels, one by one."""
    y = np.exp(x - x.max(1, keepdims=True))
    y /= y.sum(1, keepdims=True)
    return sum(np.prod(y[range(len(x)), path])
               for path in itertools.product(range(x.shape[1]), repeat=len(x))
               if said(path, blank, merge) == labels)


def bottoms(lengths, labels, steps=5, classes=4):
    x = random(steps, len(labels), classes)
    flags = np.ones((steps, len(labels)))
    given = -np.ones((steps, len(labels)))
    for n, (length, sequence) in enumerate(zip(lengths, labels, strict=True)):
        if length < steps:
            flags[length, n] = 0
        given[: len(sequence), n] = sequence
    return x, flags, given


def slope(line_of, values, wrt):
    """Central differences of the sum of the losses by the scores."""
    built = build(line_of, *values, dtype=np.float64)
    n, grads = wrt.shape[1], np.zeros(wrt.shape)
    for index in np.ndindex(wrt.shape):
        at = []
        for step in (1e-4, -1e-4):
            moved = [values[0].copy(), *values[1:]]
            moved[0][index] += step
            at.append(float(run(built, moved)[0]))
        grads[index] = (at[0] - at[1]) / 2e-4 * n
    return grads


@pytest.mark.parametrize("words, blank, merge, delay", [
    ("", 3, True, 0), ("blank_index: 0", 0, True, 0), ("ctc_merge_repeated: false", 3, False, 0),
    ("output_delay: 1", 3, True, 1), ("blank_index: 2 output_delay: 1", 2, True, 1)])
def test_ctc_loss(words, blank, merge, delay):
    labels = [[1], [1, 1], [1, 0, 1]] if blank != 0 else [[1], [2, 2], [1, 2, 1]]
    lengths = [5, 4, 5]
    values = x, flags, given = bottoms(lengths, labels)
    layer, bottom, top = built = build(line(words), *values, dtype=np.float64)
    expected = -sum(np.log(probability(x[delay:length, n], labels[n], blank, merge))
                    for n, length in enumerate(lengths)) / 3
    assert_allclose(run(built, values)[0], expected, rtol=1e-6)
    top[0].diff[...] = 0.3  # which does not count
    for blob in bottom:
        blob.data[...] = np.nan
    layer.backward(top, [True, False, False], bottom)
    assert_allclose(bottom[0].diff, slope(line(words), values, x), rtol=1e-4, atol=1e-6)
    assert not bottom[0].diff[4, 1].any() and not bottom[0].diff[:delay].any()


def test_repeated_labels_may_be_collapsed():
    values = bottoms([5, 5], [[1, 1, 2], [2, 2, 2]])
    x = values[0]
    expected = -(np.log(probability(x[:, 0], [1, 2], 3)) + np.log(probability(x[:, 1], [2], 3))) / 2
    assert_allclose(run(build(line("preprocess_collapse_repeated: true"), *values), values)[0],
                    expected, rtol=1e-5)


def test_where_nothing_fits_the_gradient_is_p():
    values = bottoms([3], [[1, 1, 1]], steps=3)  # equal labels need blanks between them
    layer, bottom, top = built = build(line(""), *values)
    assert run(built, values)[0] == np.inf
    layer.backward(top, [True, False, False], bottom)
    assert_allclose(bottom[0].diff.sum(2), np.ones((3, 1)), rtol=1e-5)


def test_large_scores():
    x, flags, given = bottoms([5], [[1, 2]])
    values = 2000 * x, flags, given
    assert np.isfinite(run(build(line(""), *values), values)[0])


@pytest.mark.parametrize("labels, lengths, message", [
    ([[]], [5], "has no labels"), ([[1, 2, 1, 2]], [3], "more labels than steps"),
    ([[1, 4]], [5], "not one of the 4 classes")])
def test_labels_are_checked(labels, lengths, message):
    values = bottoms(lengths, labels)
    with pytest.raises(DataError, match=message):
        run(build(line(""), *values), values)


def test_errors():
    x, flags, labels = bottoms([5], [[1]])
    with pytest.raises(ShapeError, match="indicators must be T x N"):
        build(line(""), x, flags[:4], labels)
    with pytest.raises(ShapeError, match="T x N x C"):
        build(line(""), x[0], flags, labels)
    with pytest.raises(ConfigError, match="blank_index is no class"):
        build(line("blank_index: 4"), x, flags, labels)
    with pytest.raises(ConfigError, match="output_delay"):
        build(line("output_delay: 5"), x, flags, labels)
