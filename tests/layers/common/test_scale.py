import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.core.memory import Place
from caffepy.errors import ConfigError, ShapeError

X = random(2, 3, 4, 5)
FILL = 'filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 }'


def line(param):
    return f'type: "Scale" scale_param {{ {FILL} {param} }}'


def spread(operand, axis):
    """The operand with axes of 1 up to four."""
    return operand.reshape((1,) * axis + operand.shape + (1,) * (4 - axis - operand.ndim))


LEARNED = [
    # param, axis, shape of the operand
    ("", 1, (3,)),
    ("axis: 0 num_axes: 2", 0, (2, 3)),
    ("axis: -2 num_axes: -1", 2, (4, 5)),
    ("axis: 3", 3, (5,)),
    ("axis: 0 num_axes: -1", 0, (2, 3, 4, 5)),
    ("num_axes: 0", 0, ()),
]


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("param, axis, shape", LEARNED)
def test_a_learned_scale(param, axis, shape, bias, inplace):
    param += f" bias_term: {str(bias).lower()}"
    layer, bottom, top = build(line(param), X, inplace=inplace)
    layer.forward(bottom, top)
    assert [blob.shape for blob in layer.blobs] == [shape] * (1 + bias)
    expected = X * spread(layer.blobs[0].data, axis)
    if bias:
        expected = expected + spread(layer.blobs[1].data, axis)
    assert_allclose(top[0].data, expected, rtol=1e-5, atol=1e-6)
    fixed_batch = shape and axis == 0
    check_gradient(line(param), (2, 3, 2, 2), inplace=inplace, other_batch=not fixed_batch)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("param, axis, shape", [
    ("", 1, (3,)), ("axis: 0", 0, (2, 3)), ("axis: 0 bias_term: true", 0, (2,)),
    ("axis: 2 bias_term: true", 2, (4, 5)), ("", 0, ()),
])
def test_a_scale_from_below(param, axis, shape, inplace):
    s = random(*shape, seed=4)
    layer, bottom, top = build(line(param), X, s, inplace=inplace)
    layer.forward(bottom, top)
    expected = X * spread(np.asarray(s), axis)
    if "bias" in param:
        assert [blob.shape for blob in layer.blobs] == [shape]
        expected = expected + spread(layer.blobs[0].data, axis)
    else:
        assert not layer.blobs
    assert_allclose(top[0].data, expected, rtol=1e-5, atol=1e-6)
    check_gradient(line(param), X, s, inplace=inplace, other_batch=False)


def test_another_batch_of_a_scale_from_below():
    check_gradient(line("axis: 0"), (2, 3), (2,))


def test_it_starts_as_the_identity():
    layer, bottom, top = build('type: "Scale" scale_param { bias_term: true }', X)
    layer.forward(bottom, top)
    assert_allclose(top[0].data, X, rtol=1e-6)


@pytest.mark.parametrize("inplace", [False, True])
def test_channels_last_stays(inplace):
    layer, bottom, top = build(line("bias_term: true"), X, inplace=inplace)
    layer.forward(bottom, top)
    expected = top[0].data.copy()
    bottom[0].values.overwrite(Place.HOST_LAST)[...] = X
    top[0].grads.overwrite(Place.HOST_LAST)[...] = 1
    before = layer.context.mover.reorders
    layer.forward(bottom, top)
    layer.backward(top, [True], bottom)
    assert top[0].values.channels_last and bottom[0].grads.channels_last
    assert layer.context.mover.reorders == before
    assert_allclose(top[0].data, expected)


def test_what_the_gradient_reads():
    assert build(line(""), X)[0].keeps == ("bottom",)
    assert build(line(""), X, inplace=True)[0].keeps == ()


@pytest.mark.parametrize("param, bottoms, message", [
    ("axis: 3 num_axes: 2", [X], "num_axes must be -1, or reach no further"),
    ("num_axes: -2", [X], "num_axes must be -1"),
    ("axis: 4", [X], "layer 'layer' .*axis 4 does not exist"),
    ("", [X, (4,)], r"does not line up.*\(4,\) at axis 1 of shape \(2, 3, 4, 5\)"),
    ("axis: 3", [X, (5, 1)], "does not line up"),
])
def test_bad_parameters(param, bottoms, message):
    with pytest.raises((ConfigError, ShapeError), match=message):
        build(line(param), *bottoms)


def test_a_bottom_that_no_longer_fits():
    layer, bottom, top = build(line(""), X)
    bottom[0].reshape(2, 4, 4, 5)
    with pytest.raises(ShapeError, match="does not line up"):
        layer.reshape(bottom, top)
