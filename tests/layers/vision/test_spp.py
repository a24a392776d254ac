import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError

X = random(2, 3, 8, 4)


def line(param):
    return f'type: "SPP" spp_param {{ {param} }}'


@pytest.mark.parametrize("method, pooled", [("MAX", np.max), ("AVE", np.mean)])
def test_cells_that_divide_the_picture(method, pooled):
    text = line(f"pyramid_height: 3 pool: {method}")
    expected = [
        pooled(X.reshape(2, 3, n, 8 // n, n, 4 // n), axis=(3, 5)).reshape(2, -1)
        for n in (1, 2, 4)
    ]
    y = run(build(text, X), [X])[0]
    assert_allclose(y, np.concatenate(expected, 1), rtol=1e-5, atol=1e-6)
    check_gradient(text, np.random.default_rng(0).permutation(64).reshape(1, 2, 8, 4) / 10)


def test_any_size_gives_the_same_length():
    built = build(line("pyramid_height: 3"), X)
    layer, bottom, top = built
    for shape in ((2, 3, 9, 8), (2, 3, 12, 7)):
        x = random(*shape)
        bottom[0].reshape(shape)
        layer.reshape(bottom, top)
        assert run(built, [x])[0].shape == (2, 3 * 21)


def test_more_levels_than_pixels():
    with pytest.raises(ShapeError, match="pyramid_height 40 .*at most 4"):
        build('type: "SPP" spp_param { pyramid_height: 40 }', (1, 1, 8, 5))
    build('type: "SPP" spp_param { pyramid_height: 4 }', (1, 1, 8, 8))


def test_errors():
    with pytest.raises(ConfigError, match="number of levels"):
        build(line(""), X)
    with pytest.raises(ShapeError, match="4 axes"):
        build(line("pyramid_height: 2"), X[0])
    with pytest.raises(ConfigError, match="level 3.*pad must be smaller"):
        build(line("pyramid_height: 4"), (1, 1, 9, 9))


@pytest.mark.parametrize("method", ["MAX", "AVE"])
def test_one_level_is_not_flattened(method):
    """As in the original, which then is a pooling layer and nothing else."""
    text = line(f"pyramid_height: 1 pool: {method}")
    y = run(build(text, X), [X])[0]
    assert y.shape == (2, 3, 1, 1)
    assert_allclose(y[:, :, 0, 0], {"MAX": X.max, "AVE": X.mean}[method]((2, 3)), rtol=1e-5)
    check_gradient(text, np.random.default_rng(0).permutation(64).reshape(1, 2, 8, 4) / 10)
