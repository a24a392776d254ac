import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.core.memory import Place
from caffepy.errors import ConfigError, ShapeError

X = random(2, 3, 4, 5)


def line(param):
    return f'type: "Bias" bias_param {{ filler {{ type: "gaussian" std: 1 }} {param} }}'


def spread(operand, axis):
    return operand.reshape((1,) * axis + operand.shape + (1,) * (4 - axis - operand.ndim))


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("param, axis, shape", [
    ("", 1, (3,)), ("axis: 0 num_axes: 2", 0, (2, 3)), ("axis: 2 num_axes: -1", 2, (4, 5)),
    ("num_axes: 0", 0, ()),
])
def test_a_learned_bias(param, axis, shape, inplace):
    layer, bottom, top = build(line(param), X, inplace=inplace)
    layer.forward(bottom, top)
    assert layer.blobs[0].shape == shape
    expected = X + spread(layer.blobs[0].data, axis)
    assert_allclose(top[0].data, expected, rtol=1e-5, atol=1e-6)
    fixed_batch = shape and axis == 0
    check_gradient(line(param), (2, 3, 2, 2), inplace=inplace, other_batch=not fixed_batch)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("param, axis, shape", [("", 1, (3, 4)), ("axis: 0", 0, (2,)), ("", 0, ())])
def test_a_bias_from_below(param, axis, shape, inplace):
    b = random(*shape, seed=4)
    layer, bottom, top = build(line(param), X, b, inplace=inplace)
    layer.forward(bottom, top)
    assert not layer.blobs
    assert_allclose(top[0].data, X + spread(np.asarray(b), axis), rtol=1e-5, atol=1e-6)
    check_gradient(line(param), X, b, inplace=inplace, other_batch=False)


def test_channels_last_stays():
    layer, bottom, top = build(line(""), X)
    bottom[0].values.overwrite(Place.HOST_LAST)[...] = X
    top[0].grads.overwrite(Place.HOST_LAST)[...] = 1
    layer.forward(bottom, top)
    layer.backward(top, [True], bottom)
    assert top[0].values.channels_last and bottom[0].grads.channels_last
    assert layer.context.mover.reorders == 0


@pytest.mark.parametrize("param, bottoms, message", [
    ("axis: 3 num_axes: 2", [X], "num_axes must be -1, or reach no further"),
    ("", [X, (4,)], "does not line up"),
])
def test_bad_parameters(param, bottoms, message):
    with pytest.raises((ConfigError, ShapeError), match=message):
        build(line(param), *bottoms)
