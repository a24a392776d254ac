import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.errors import ConfigError, ShapeError

X = random(2, 3, 4, 5)


@pytest.mark.parametrize("param, shape", [
    ("", (2, 60)), ("axis: 0", (120,)), ("axis: -2", (2, 3, 20)),
    ("axis: 1 end_axis: 2", (2, 12, 5)), ("axis: 3", (2, 3, 4, 5)),
])
def test_flatten(param, shape):
    line = f'type: "Flatten" flatten_param {{ {param} }}'
    layer, bottom, top = build(line, X)
    layer.forward(bottom, top)
    assert_allclose(top[0].data, X.reshape(shape), rtol=1e-6)
    assert top[0].values.memory is bottom[0].values.memory
    check_gradient(line, X)


def test_axes_that_are_not_there():
    with pytest.raises(ShapeError, match=r"axis 4 does not exist.*shape \(2, 3, 4, 5\)"):
        build('type: "Flatten" flatten_param { axis: 4 }', X)
    with pytest.raises(ConfigError, match="end_axis comes before axis"):
        build('type: "Flatten" flatten_param { axis: 2 end_axis: 1 }', X)
