import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.core.memory import Place
from caffepy.errors import ConfigError, ShapeError

X = random(2, 3, 4, 5)


def line(param):
    return ('type: "InnerProduct" inner_product_param { num_output: 6 '
            'weight_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 } '
            f'{param} }}')


@pytest.mark.parametrize("param, axis", [
    ("", 1), ("axis: 2", 2), ("axis: -1", 3), ("axis: 0", 0), ("transpose: true", 1),
    ("bias_term: false", 1), ("transpose: true axis: 2 bias_term: false", 2),
])
def test_inner_product(param, axis):
    layer, bottom, top = build(line(param), X)
    layer.forward(bottom, top)
    rows = X.reshape(int(np.prod(X.shape[:axis])), -1)
    w = layer.blobs[0].data
    assert w.shape == ((rows.shape[1], 6) if "transpose" in param else (6, rows.shape[1]))
    expected = np.zeros((len(rows), 6))
    for i, o in np.ndindex(*expected.shape):
        expected[i, o] = rows[i] @ (w[:, o] if "transpose" in param else w[o])
    if "bias_term" not in param:
        expected += layer.blobs[1].data
    else:
        assert len(layer.blobs) == 1
    assert_allclose(top[0].data, expected.reshape(*X.shape[:axis], 6), rtol=1e-4, atol=1e-4)
    check_gradient(line(param), (2, 2, 3, 1), other_batch=axis > 0)


def test_channels_last_bottoms_are_read_in_the_order_of_the_weights():
    layer, bottom, top = build(line(""), X)
    layer.forward(bottom, top)
    expected = top[0].data.copy()
    bottom[0].values.overwrite(Place.HOST_LAST)[...] = X
    layer.forward(bottom, top)
    assert_allclose(top[0].data, expected)


def test_parameters_that_do_not_learn_get_no_gradient():
    layer, bottom, top = build(line(""), X)
    layer.forward(bottom, top)
    top[0].diff[...] = 1
    for wanted in ([False, True], [True, False], [False, False]):
        layer.param_propagate_down = wanted
        for blob in layer.blobs:
            blob.grads.zero()
        layer.backward(top, [False], bottom)
        assert [not blob.grads.is_zero for blob in layer.blobs] == wanted
        assert bottom[0].grads.is_zero


def test_rows_of_length_one():
    layer, bottom, top = build(line("normalize: true"), X)
    layer.blobs[0].data[...] = w = 3 * random(6, 60, seed=4)
    layer.forward(bottom, top)
    rows = w / np.sqrt((w**2).sum(1, keepdims=True) + 1e-6)
    assert_allclose(layer.blobs[0].data, rows, rtol=1e-5)
    assert_allclose(top[0].data, X.reshape(2, 60) @ rows.T + layer.blobs[1].data, rtol=1e-4,
                    atol=1e-5)
    dy = random(2, 6, seed=5).astype("f4")
    top[0].diff[...] = dy
    layer.backward(top, [True], bottom)
    assert_allclose(layer.blobs[0].diff, dy.T @ X.reshape(2, 60), rtol=1e-4, atol=1e-5)
    assert_allclose(bottom[0].diff.reshape(2, 60), dy @ rows, rtol=1e-4, atol=1e-5)
    with pytest.raises(ConfigError, match="one row an output"):
        build(line("normalize: true transpose: true"), X)


def test_bad_parameters():
    with pytest.raises(ConfigError, match="num_output must be at least 1"):
        build('type: "InnerProduct"', X)
    with pytest.raises(ShapeError, match="layer 'layer' .*axis 4 does not exist"):
        build(line("axis: 4"), X)
    layer, bottom, top = build(line(""), X)
    bottom[0].reshape(2, 3, 4, 4)
    with pytest.raises(ShapeError, match="48 numbers from axis 1 on; allowed: 60"):
        layer.reshape(bottom, top)
