import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError

TYPE = "LSTM"
X, STATIC = random(4, 2, 5), random(2, 6, seed=1)
CONT = np.array([[0, 0], [1, 1], [0, 1], [1, 0]])


def line(more="", tops=""):
    return f"""type: "LSTM" {tops} recurrent_param {{ num_output: 3 {more}
        weight_filler {{ type: "gaussian" std: 0.5 }} bias_filler {{ type: "gaussian" }} }}"""


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def naive(blobs, x, cont, static=None, h=0, c=0):
    """Every h, and the last c."""
    w_x, b, *w_s, w_h = [blob.data for blob in blobs]
    hs = []
    for x_t, cont_t in zip(x, cont, strict=True):
        keep = cont_t[:, None]
        a = x_t @ w_x.T + b + (keep * (h + np.zeros((2, 3)))) @ w_h.T
        if static is not None:
            a += static @ w_s[0].T
        i, f, o, g = np.split(a, 4, 1)
        c = keep * sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        hs.append(h)
    return np.array(hs), c


def test_lstm():
    layer, _, _ = built = build(line(), X, CONT)
    assert [blob.shape for blob in layer.blobs] == [(12, 5), (12,), (12, 3)]
    assert_allclose(run(built, [X, CONT])[0], naive(layer.blobs, X, CONT)[0], rtol=1e-4, atol=1e-6)
    check_gradient(line(), X, CONT)


def test_static_input():
    layer, _, _ = built = build(line(), X, CONT, STATIC)
    assert [blob.shape for blob in layer.blobs] == [(12, 5), (12,), (12, 6), (12, 3)]
    expected = naive(layer.blobs, X, CONT, STATIC)[0]
    assert_allclose(run(built, [X, CONT, STATIC])[0], expected, rtol=1e-4, atol=1e-6)
    check_gradient(line(), X, CONT, STATIC, other_batch=False)


def test_exposed_states():
    text = line("expose_hidden: true", 'top: "out" top: "h" top: "c"')
    values = [X, 0 * CONT + 1, random(1, 2, 3), random(1, 2, 3, seed=1)]
    layer, _, _ = built = build(text, *values)
    out, h, c = run(built, values)
    expected, last_c = naive(layer.blobs, X, values[1], h=values[2][0], c=values[3][0])
    assert_allclose(out, expected, rtol=1e-4, atol=1e-6)
    assert_allclose(h[0], expected[-1], rtol=1e-4, atol=1e-6)
    assert_allclose(c[0], last_c, rtol=1e-4, atol=1e-6)
    check_gradient(text, *values, tops=[0], other_batch=False)


def test_a_sequence_begins_anew_where_cont_is_zero():
    """The second half of a run with cont 0 in the middle is a run of its own."""
    built = build(line(), X, CONT)
    cont = np.ones((4, 2))
    cont[0] = cont[2] = 0
    whole = run(built, [X, cont])[0]
    layer, bottom, top = built
    for blob in bottom:
        blob.reshape(2, *blob.shape[1:])
    layer.reshape(bottom, top)
    assert_allclose(run(built, [X[2:], cont[2:]])[0], whole[2:], rtol=1e-5)


def test_the_next_forward_goes_on_from_the_last_state():
    whole = run(build(line(), X, CONT), [X, CONT])[0]
    built = build(line(), X[:2], CONT[:2])
    first = run(built, [X[:2], CONT[:2]])[0]
    second = run(built, [X[2:], CONT[2:]])[0]
    assert_allclose(np.concatenate([first, second]), whole, rtol=1e-5)


def test_only_the_wanted_gradients():
    layer, bottom, top = built = build(line(), X, CONT, STATIC)
    run(built, [X, CONT, STATIC])
    top[0].diff[...] = 1
    layer.param_propagate_down = [False] * len(layer.blobs)
    layer.backward(top, [False, False, True], bottom)
    assert all(blob.grads.is_zero for blob in (*layer.blobs, bottom[0]))
    assert bottom[2].diff.any()


@pytest.mark.parametrize("values, message", [
    ([X, CONT[:3]], "cont steps x sequences"),
    ([X, CONT, random(3, 4)], "an item for each sequence"),
])
def test_shapes(values, message):
    with pytest.raises(ShapeError, match=message):
        build(line(), *values)


def test_counts():
    with pytest.raises(ConfigError, match="num_output must be positive"):
        build(f'type: "{TYPE}"', X, CONT)
    with pytest.raises(ConfigError, match="with expose_hidden the state"):
        build(line("expose_hidden: true"), X, CONT)
