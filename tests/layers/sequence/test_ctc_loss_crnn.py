import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, random, run

from caffepy.errors import DataError, ShapeError

X = random(5, 2, 4)


def line(param="alphabet_size: 4 time_step: 5"):
    return f'type: "CtcLoss" ctc_loss_param {{ {param} }}'


def as_ctc_loss(x, labels, blank):
    """The same by the other fork's layer, whose labels lie the other way."""
    given = -np.ones(x.shape[:2])
    for n, sequence in enumerate(labels):
        given[: len(sequence), n] = sequence
    values = x, np.ones(x.shape[:2]), given
    layer, bottom, top = built = build(
        f'type: "CTCLoss" ctc_loss_param {{ blank_index: {blank} }}', *values)
    loss = run(built, values)[0]
    layer.backward(top, [True, False, False], bottom)
    return loss, bottom[0].diff


@pytest.mark.parametrize("blank, rows, labels", [
    (0, [[1, 2, 0, 0], [0, 2, 0, 1]], [[1, 2], [2, 1]]),
    (3, [[1, 0, 3], [2, 3, 3]], [[1, 0], [2]])])
def test_ctc_loss(blank, rows, labels):
    words = f"alphabet_size: 4 time_step: 5 blank_label: {blank}" if blank else (
        "alphabet_size: 4 time_step: 5")
    layer, bottom, top = built = build(line(words), X, rows)
    loss, dx = as_ctc_loss(X, labels, blank)
    assert_allclose(run(built, [X, rows])[0], loss, rtol=1e-5)
    top[0].diff[...] = 0.5
    layer.backward(top, [True, False], bottom)
    assert_allclose(bottom[0].diff, 0.5 * dx, rtol=1e-4, atol=1e-6)


def test_only_the_first_steps_count():
    layer, bottom, top = built = build(line("alphabet_size: 4 time_step: 3"), X, [[1], [2]])
    loss, dx = as_ctc_loss(X[:3], [[1], [2]], 0)
    assert_allclose(run(built, [X, [[1], [2]]])[0], loss, rtol=1e-5)
    top[0].diff[...] = 1
    layer.backward(top, [True, False], bottom)
    assert_allclose(bottom[0].diff[:3], dx, rtol=1e-4, atol=1e-6)
    assert not bottom[0].diff[3:].any()


def test_too_few_steps_count_nothing():
    x = X[:2]
    rows = [[1, 1], [2, 0]]
    layer, bottom, top = built = build(line("alphabet_size: 4 time_step: 2"), x, rows)
    assert_allclose(run(built, [x, rows])[0], as_ctc_loss(x[:, 1:], [[2]], 0)[0] / 2, rtol=1e-5)
    top[0].diff[...] = 1
    layer.backward(top, [True, False], bottom)
    assert not bottom[0].diff[:, 0].any() and bottom[0].diff[:, 1].any()


def test_errors():
    with pytest.raises(ShapeError, match="Write alphabet_size: 4 time_step: 5"):
        build(line("alphabet_size: 4"), X, [[1], [2]])
    with pytest.raises(ShapeError, match="N x L"):
        build(line(), X, [[1], [2], [3]])
    with pytest.raises(DataError, match="not one of the 4 classes"):
        run(build(line(), X, [[1], [4]]), [X, [[1], [4]]])
