import numpy as np
import pytest
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError


def line(param):
    return f'type: "Reorg" reorg_param {{ {param} }}'


def spread(x, s):
    """Channel k goes to offset k div (C / s^2) of each block."""
    n, c, h, w = x.shape
    y = np.zeros((n, c // s**2, h * s, w * s), x.dtype)
    for k in range(c):
        row, column = divmod(k // (c // s**2), s)
        y[:, k % (c // s**2), row::s, column::s] = x[:, k]
    return y


@pytest.mark.parametrize("shape, s", [((2, 8, 6, 4), 2), ((1, 9, 3, 6), 3), ((2, 4, 2, 2), 1)])
def test_reorg(shape, s):
    x = random(*shape).astype(np.float32)
    far = run(build(line(f"stride: {s} reverse: true"), x), [x])[0]
    assert np.array_equal(far, spread(x, s))
    n, c, h, w = shape
    y = run(build(line(f"stride: {s}"), x), [x])[0]
    assert y.shape == (n, c * s * s, h // s, w // s)
    assert np.array_equal(spread(y.reshape(x.shape), s), x.reshape(n, c // s**2, h * s, w * s))
    check_gradient(line(f"stride: {s}"), x)
    check_gradient(line(f"stride: {s} reverse: true"), x)


def test_errors():
    with pytest.raises(ConfigError, match="stride is missing"):
        build(line(""), (1, 4, 2, 2))
    for shape in ((1, 6, 2, 2), (1, 4, 3, 2), (1, 4, 2, 3), (4, 4, 4)):
        with pytest.raises(ShapeError, match="blocks"):
            build(line("stride: 2"), shape)
    build(line("stride: 2 reverse: true"), (1, 4, 3, 3))
