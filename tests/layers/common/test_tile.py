import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError

X = random(2, 3, 4)


def line(param):
    return f'type: "Tile" tile_param {{ {param} }}'


@pytest.mark.parametrize("axis, tiles", [(0, 2), (1, 3), (-1, 2), (1, 1)])
def test_tile(axis, tiles):
    text = line(f"axis: {axis} tiles: {tiles}")
    expected = np.concatenate([X] * tiles, axis)
    assert_allclose(run(build(text, X), [X])[0], expected, rtol=1e-6)
    check_gradient(text, X, other_batch=axis != 0)


def test_errors():
    with pytest.raises(ConfigError, match="tiles.*found 0; allowed: 1 or more"):
        build(line(""), X)
    with pytest.raises(ShapeError, match="axis 3 does not exist"):
        build(line("tiles: 2 axis: 3"), X)
