import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, run

from caffepy.errors import CaffeError

X = np.random.default_rng(4).permutation(2 * 2 * 4 * 5 * 3).reshape(2, 2, 4, 5, 3) / 20 - 6
SHAPES = "pool: %s kernel_shape { dim: [%s] } stride_shape { dim: [%s] } pad_shape { dim: [%s] }"
PLAIN = "pool: %s round_mode: FLOOR " + " ".join(
    f"{word}: %s {word}: %s {word}: %s" for word in ("kernel_size", "stride", "pad"))


def line(type, words):
    return f'type: "{type}" pooling_param {{ {words} }}'


@pytest.mark.parametrize("method", ["MAX", "AVE"])
@pytest.mark.parametrize("sizes, axes", [
    ((2, 2, 2, 2, 2, 1, 0, 0, 0), (2, 2, 2)), ((4, 2, 2, 1, 2, 1, 0, 1, 1), (3, 4)),
    ((4, 5, 3, 1, 1, 1, 0, 0, 0), ()),
])
def test_it_is_a_pooling_without_axes_of_one_place(sizes, axes, method):
    numbers = [", ".join(map(str, sizes[i : i + 3])) for i in (0, 3, 6)]
    y, = run(build(line("NdPooling", SHAPES % (method, *numbers)), X), [X])
    expected, = run(build(line("Pooling", PLAIN % (method, *sizes)), X), [X])
    assert y.shape == (2, 2, *axes)
    assert_allclose(y, expected.reshape(y.shape), rtol=1e-6)


@pytest.mark.parametrize("method", ["MAX", "AVE"])
def test_gradient(method):
    words = SHAPES % (method, "4, 2, 2", "1, 2, 1", "0, 1, 1")
    check_gradient(line("NdPooling", words), X)


def test_rounding_that_is_asked_for():
    words = "kernel_shape { dim: [2, 2, 2] } stride_shape { dim: [2, 2, 2] } round_mode: CEIL"
    y, = run(build(line("NdPooling", words), X), [X])
    assert y.shape == (2, 2, 2, 3, 2)


def test_all_of_it():
    words = "pool: AVE global_pooling: true kernel_shape { dim: [2, 2, 2] }"
    y, = run(build(line("NdPooling", words), X), [X])
    assert_allclose(y, X.mean((2, 3, 4)), rtol=1e-5, atol=1e-6)


def test_mistakes():
    with pytest.raises(CaffeError, match="equally many dims"):
        build(line("NdPooling", SHAPES % ("MAX", "2, 2", "1, 1, 1", "0, 0, 0")), X)
    with pytest.raises(CaffeError, match="the size of the windows is missing"):
        build(line("NdPooling", "pool: MAX"), X)
