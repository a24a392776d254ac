import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.errors import ConfigError, ShapeError

X = random(2, 3, 4, 5)


def line(dims, more=""):
    shape = " ".join(f"dim: {d}" for d in dims)
    return f'type: "Reshape" reshape_param {{ shape {{ {shape} }} {more} }}'


@pytest.mark.parametrize("dims, more, shape", [
    ((0, -1), "", (2, 60)),
    ((-1, 0, 2), "", (20, 3, 2)),
    ((0, 0, 20), "", (2, 3, 20)),
    ((-1,), "", (120,)),
    ((-1,), "axis: 1", (2, 60)),
    ((6, 2), "axis: 1 num_axes: 2", (2, 6, 2, 5)),
    ((5, 1), "axis: -2", (2, 3, 4, 5, 1)),
    ((1, 1), "axis: -1", (2, 3, 4, 5, 1, 1)),
    ((1,), "axis: 0 num_axes: 0", (1, 2, 3, 4, 5)),
])
def test_reshape(dims, more, shape):
    layer, bottom, top = build(line(dims, more), X)
    layer.forward(bottom, top)
    assert_allclose(top[0].data, X.reshape(shape), rtol=1e-6)
    assert top[0].grads.memory is bottom[0].grads.memory


def test_gradient_and_another_batch():
    check_gradient(line((0, 4, -1)), X)


@pytest.mark.parametrize("dims, more, message", [
    ((-1, -1), "", "at most one -1"),
    ((-2,), "", "at most one -1"),
    ((7, -1), "", "no size for the dim of -1"),
    ((2, 3), "", "as many numbers"),
    ((0, 0, 0, 0, 0), "", "no axis 4 to copy"),
    ((1,), "axis: 5", "not there"),
    ((1,), "axis: 2 num_axes: 3", "not there"),
])
def test_shapes_that_do_not_fit(dims, more, message):
    with pytest.raises((ConfigError, ShapeError), match=message):
        build(line(dims, more), X)
