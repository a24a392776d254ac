import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.errors import ConfigError, ShapeError


def line(param=""):
    return f'type: "Concat" concat_param {{ {param} }}'


@pytest.mark.parametrize("param, axis", [
    ("", 1), ("axis: 0", 0), ("axis: -1", 3), ("concat_dim: 2", 2), ("concat_dim: 0", 0),
])
def test_concat(param, axis):
    shapes = [[2, 3, 4, 2] for _ in range(3)]
    for more, shape in enumerate(shapes):
        shape[axis] += more
    xs = [random(*shape, seed=i) for i, shape in enumerate(shapes)]
    layer, bottom, top = build(line(param), *xs)
    layer.forward(bottom, top)
    assert_allclose(top[0].data, np.concatenate(xs, axis), rtol=1e-6)
    check_gradient(line(param), *xs, other_batch=axis > 0)


def test_gradient_where_an_engine_copies(monkeypatch):
    """Wide rows, and as few numbers as a gradient check can take."""
    monkeypatch.setattr("caffepy.kernels.onednn.concat_few.FEW", 1)
    check_gradient(line(), (2, 16, 1, 2), (2, 19, 1, 2))


def test_one_bottom_is_the_top():
    layer, bottom, top = build(line(), (2, 3))
    assert top[0].values.memory is bottom[0].values.memory
    assert top[0].grads.memory is bottom[0].grads.memory
    check_gradient(line(), (2, 3))


@pytest.mark.parametrize("param, shapes, error, message", [
    ("axis: 1 concat_dim: 1", [(2, 3), (2, 3)], ConfigError, "either axis or concat_dim"),
    ("axis: 2", [(2, 3), (2, 3)], ShapeError, "layer 'layer' .*axis 2 does not exist"),
    ("", [(2, 3, 4), (2, 3, 5)], ShapeError,
     r"same shape, except at axis 1.*\(2, 3, 4\) and, at index 1, \(2, 3, 5\)"),
    ("", [(2, 3, 4), (2, 3)], ShapeError, "same shape, except at axis 1"),
])
def test_what_does_not_fit(param, shapes, error, message):
    with pytest.raises(error, match=message):
        build(line(param), *shapes)
