import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.errors import ConfigError, ShapeError

X = random(3, 4, 2, 3)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_softmax(axis, inplace):
    line = f'type: "Softmax" softmax_param {{ axis: {axis} }}'
    layer, bottom, top = build(line, X, inplace=inplace)
    layer.forward(bottom, top)
    assert_allclose(top[0].data, np.exp(X) / np.exp(X).sum(axis, keepdims=True), rtol=1e-5)
    check_gradient(line, X, inplace=inplace, other_batch=axis != 0)


def test_other_ranks():
    for shape in ((4, 5), (2, 3, 2, 1, 2)):
        check_gradient('type: "Softmax"', shape)


def test_an_axis_that_is_not_there():
    with pytest.raises(ShapeError, match="layer 'layer' .*axis 2 does not exist"):
        build('type: "Softmax" softmax_param { axis: 2 }', (3, 4))


@pytest.mark.parametrize("type, bottoms", [("Softmax", 1), ("SoftmaxWithLoss", 2)])
def test_other_ways_to_normalize_are_not_known(type, bottoms):
    shapes = [(2, 3), (2,)][:bottoms]
    build(f'type: "{type}" softmax_param {{ normalize_type: "Softmax" }}', *shapes)
    with pytest.raises(ConfigError, match="only a softmax is known.*found L2"):
        build(f'type: "{type}" softmax_param {{ normalize_type: "L2" }}', *shapes)
