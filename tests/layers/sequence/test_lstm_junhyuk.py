import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError

FILL = ('weight_filler { type: "gaussian" std: 0.5 } bias_filler { type: "gaussian" std: 0.5 }')


def line(param=""):
    return f'type: "Lstm" lstm_param {{ num_output: 3 {FILL} {param} }}'


def by_hand(layer, x, flags=None, h=None, c=None):
    """One sequence, T x D, step by step."""
    w, u, b = (blob.data.astype(float) for blob in layer.blobs)
    h, c = (np.zeros(3) if s is None else s for s in (h, c))
    out = []
    for t, row in enumerate(x):
        goes_on = flags[t] if flags is not None else t > 0
        if not goes_on:
            h, c = np.zeros(3), np.zeros(3)
        z = w @ row + u @ h + b
        i, f, o = (1 / (1 + np.exp(-z[k : k + 3])) for k in (0, 3, 6))
        c = f * c + i * np.tanh(z[9:])
        h = o * np.tanh(c)
        out.append(h)
    return np.array(out), h, c


@pytest.mark.parametrize("items", [1, 2])
def test_lstm(items):
    x = random(4 * items, 5)
    layer, bottom, top = built = build(line(f"batch_size: {items}"), x)
    assert [blob.shape for blob in layer.blobs] == [(12, 5), (12, 3), (12,)]
    y = run(built, [x])[0]
    for n in range(items):
        assert_allclose(y[n::items], by_hand(layer, x[n::items])[0], rtol=1e-4, atol=1e-6)
    assert_allclose(run(built, [x])[0], y)  # each call begins anew
    check_gradient(line(f"batch_size: {items}"), x, other_batch=False)


def test_steps_and_sequences_on_axes_of_their_own():
    x = random(4, 2, 5)
    y = run(build(line(), x), [x])[0]
    assert y.shape == (4, 2, 3)
    flat = run(build(line("batch_size: 2"), x.reshape(8, 5)), [x.reshape(8, 5)])[0]
    assert_allclose(y.reshape(8, 3), flat, rtol=1e-5)
    check_gradient(line(), x, other_batch=False)


def test_flags_and_state():
    x, flags = random(4, 5), np.array([1.0, 1, 0, 1])
    layer, bottom, top = built = build(line(), x, flags)
    first, h, c = by_hand(layer, x, flags)
    assert_allclose(run(built, [x, flags])[0], first, rtol=1e-4, atol=1e-6)
    second, _, _ = by_hand(layer, x, flags, h, c)
    assert_allclose(run(built, [x, flags])[0], second, rtol=1e-4, atol=1e-6)
    assert not np.allclose(first[0], second[0])


def gradients(param, flags, dy):
    layer, bottom, top = built = build(line(param), random(4, 5), flags, dtype=np.float64)
    y = run(built, [random(4, 5), flags])[0]
    top[0].diff[...] = dy
    layer.backward(top, [True, False], bottom)
    return layer, y, bottom[0].diff.copy(), [blob.diff.copy() for blob in layer.blobs]


def test_gradient_with_flags():
    x, dy = random(4, 5), random(4, 3, seed=5)
    flags = np.array([0.0, 1, 0, 1])
    layer, y, dx, (dw, du, db) = gradients("", flags, dy)
    for k in range(2):  # the halves know nothing of each other
        half = slice(2 * k, 2 * k + 2)
        one, bottom, top = built = build(line(), x[half], dtype=np.float64)
        for mine, other in zip(one.blobs, layer.blobs, strict=True):
            mine.data[...] = other.data
        run(built, [x[half]])
        top[0].diff[...] = dy[half]
        one.backward(top, [True], bottom)
        assert_allclose(dx[half], bottom[0].diff, rtol=1e-6)
        dw -= one.blobs[0].diff
        db -= one.blobs[2].diff
        du -= one.blobs[1].diff
    assert_allclose(dw, 0, atol=1e-9)
    assert_allclose(db, 0, atol=1e-9)
    # as in the original h' counts at the beginning of the second half, too
    second, bottom, top = built = build(line(), x[2:3], dtype=np.float64)
    for mine, other in zip(second.blobs, layer.blobs, strict=True):
        mine.data[...] = other.data
    assert np.linalg.matrix_rank(du, tol=1e-9) == 1
    assert_allclose(np.cross(du[0], y[1]), 0, atol=1e-9)


def test_gradients_are_bounded():
    dy = 50 * random(4, 3, seed=5)
    flags = np.zeros(4)  # so that each step stands alone
    layer, _, _, (dw, _, db) = gradients("clipping_threshold: 0.01", flags, dy)
    assert (np.abs(db) <= 0.04 + 1e-9).all() and (np.abs(db) > 0.019).any()
    layer, _, _, (_, _, free) = gradients("", flags, dy)
    assert np.abs(free).max() > 1


def test_errors():
    with pytest.raises(ConfigError, match="num_output"):
        build('type: "Lstm"', (4, 5))
    with pytest.raises(ShapeError, match="4 rows, batch_size 3"):
        build(line("batch_size: 3"), (4, 5))
    with pytest.raises(ShapeError, match="one flag for each step"):
        build(line(), (4, 5), (3,))
    layer, bottom, top = build(line(), (4, 5))
    bottom[0].reshape(4, 6)
    with pytest.raises(ShapeError, match="does not fit the weights"):
        layer.reshape(bottom, top)
