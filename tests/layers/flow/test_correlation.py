import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError

A, B = random(2, 3, 6, 5), random(2, 3, 6, 5, seed=1)


def line(param):
    return f'type: "Correlation" correlation_param {{ {param} }}'


def correlated(a, b, kernel, most, pad, one, two, subtract):
    pads = [(0, 0), (0, 0), (pad, pad), (pad, pad)]
    a, b, radius = np.pad(a, pads), np.pad(b, pads), (kernel - 1) // 2
    out = [-(-(size - 2 * (most + radius)) // one) for size in a.shape[2:]]
    steps = range(-(most // two) * two, most // two * two + 1, two)
    y = np.zeros((len(a), len(steps) ** 2, *out))
    for n, r, c in np.ndindex(len(a), *out):
        j, i = r * one + most, c * one + most
        for k, (dy, dx) in enumerate((dy, dx) for dy in steps for dx in steps):
            p = a[n, :, j : j + kernel, i : i + kernel]
            q = b[n, :, j + dy : j + dy + kernel, i + dx : i + dx + kernel]
            y[n, k, r, c] = (abs(p - q) if subtract else p * q).mean()
    return y


@pytest.mark.parametrize("kernel, most, pad, one, two", [
    (1, 2, 2, 1, 1), (3, 4, 4, 2, 2), (1, 3, 3, 1, 2), (3, 1, 2, 1, 1), (1, 0, 0, 2, 1)])
@pytest.mark.parametrize("type", ["MULTIPLY", "SUBTRACT"])
def test_correlation(kernel, most, pad, one, two, type):
    text = line(f"kernel_size: {kernel} max_displacement: {most} pad: {pad} stride_1: {one} "
                f"stride_2: {two} correlation_type: {type}")
    assert_allclose(run(build(text, A, B), [A, B])[0],
                    correlated(A, B, kernel, most, pad, one, two, type == "SUBTRACT"),
                    rtol=1e-4, atol=1e-5)
    a, b = A[:1, :2, :4, :4], B[:1, :2, :4, :4]
    if kernel == 1:
        check_gradient(text, a, b, step=1e-4)


def test_errors():
    with pytest.raises(ConfigError, match="must be odd"):
        build(line("kernel_size: 2"), A, B)
    with pytest.raises(ShapeError, match="one shape"):
        build(line("kernel_size: 1"), A, B[:, :2])
    with pytest.raises(ShapeError, match="A larger pad"):
        build(line("kernel_size: 1 max_displacement: 3"), A, B)
