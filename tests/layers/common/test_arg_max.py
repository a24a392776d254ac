import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from support import build, random, run

from caffepy.errors import ConfigError, ShapeError

X = random(3, 4, 5)


def line(param=""):
    return f'type: "ArgMax" argmax_param {{ {param} }}'


@pytest.mark.parametrize("top_k", [1, 3, 20])
def test_over_the_whole_item(top_k):
    flat = X.reshape(3, 20)
    best = np.argsort(-flat, 1)[:, :top_k]
    y = run(build(line(f"top_k: {top_k}"), X), [X])[0]
    assert_array_equal(y, best[:, None])
    y = run(build(line(f"top_k: {top_k} out_max_val: true"), X), [X])[0]
    assert_array_equal(y[:, 0], best)
    assert_allclose(y[:, 1], np.take_along_axis(flat, best, 1), rtol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_along_an_axis(axis):
    best = np.argsort(-X, axis).take([0, 1], axis)
    y = run(build(line(f"axis: {axis} top_k: 2"), X), [X])[0]
    assert_array_equal(y, best)
    y = run(build(line(f"axis: {axis} top_k: 2 out_max_val: true"), X), [X])[0]
    assert_allclose(y, np.take_along_axis(X, best, axis), rtol=1e-6)


def test_of_equal_scores_the_last_comes_first():
    x = [[1.0, 2, 2, 1]]
    assert run(build(line("top_k: 4"), x), [x])[0].tolist() == [[[2, 1, 3, 0]]]


def test_another_batch():
    built = build(line(), X)
    layer, bottom, top = built
    bottom[0].reshape(2, 4, 5)
    layer.reshape(bottom, top)
    assert_array_equal(run(built, [X[1:]])[0].ravel(), X[1:].reshape(2, -1).argmax(1))


def test_errors():
    with pytest.raises(ConfigError, match="allowed: 1 to 20"):
        build(line("top_k: 21"), X)
    with pytest.raises(ConfigError, match="allowed: 1 to 5"):
        build(line("top_k: 6 axis: 2"), X)
    with pytest.raises(ShapeError, match="axis 3 does not exist"):
        build(line("axis: 3"), X)
    layer, bottom, top = build(line(), X)
    with pytest.raises(ConfigError, match="no gradient"):
        layer.backward(top, [True], bottom)


@pytest.mark.parametrize("shape, param, expected", [
    ((2, 3, 4, 5), "", (2, 1, 1, 1)), ((2, 10, 1, 1), "top_k: 2", (2, 1, 2, 1)),
    ((2, 3, 4, 5), "out_max_val: true top_k: 2", (2, 2, 2, 1)), ((2, 10), "", (2, 1, 1)),
    ((2, 3, 2, 2, 2), "top_k: 3", (2, 1, 3, 1, 1)), ((2, 10), "axis: 1 top_k: 2", (2, 2)),
    ((2, 3, 4, 5), "axis: 1", (2, 1, 4, 5)),
])
def test_as_many_axes_as_the_original_makes(shape, param, expected):
    x = random(*shape)
    y = run(build(line(param), x), [x])[0]
    assert y.shape == expected
    if "axis" not in param:
        assert_array_equal(y[:, 0, 0].ravel(), x.reshape(2, -1).argmax(1))
