import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.errors import ShapeError


def line(param):
    return f'type: "Im2col" convolution_param {{ {param} }}'


def test_im2col():
    x = random(2, 3, 5, 6)
    param = "kernel_h: 2 kernel_w: 3 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0 dilation: 2"
    layer, bottom, top = build(line(param), x)
    layer.forward(bottom, top)
    padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (0, 0)])
    expected = np.zeros((2, 3 * 2 * 3, 3, 2))
    for n, row, h, w in np.ndindex(*expected.shape):
        c, kernel = divmod(row, 6)
        expected[n, row, h, w] = padded[n, c, h * 2 + kernel // 3 * 2, w + kernel % 3 * 2]
    assert_allclose(top[0].data, expected, rtol=1e-6)
    check_gradient(line(param), (1, 2, 4, 5))


def test_any_number_of_axes():
    layer, _, top = build(line("kernel_size: 2"), (2, 3, 4, 5, 6))
    assert top[0].shape == (2, 24, 3, 4, 5)
    check_gradient(line("kernel_size: 3 axis: 2"), (2, 2, 2, 5))


def test_a_kernel_larger_than_the_input():
    with pytest.raises(ShapeError, match="larger than the padded input"):
        build(line("kernel_size: 5"), (1, 1, 4, 4))
