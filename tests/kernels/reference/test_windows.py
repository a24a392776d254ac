"""Windows against explicit loops, for one to three spatial axes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from support import random

from caffepy.kernels.reference.windows import Windows

CASES = [
    # input, kernel, stride, pad, dilation, windows
    ((7,), (3,), (2,), (1,), (1,), (4,)),
    ((5, 6), (3, 2), (1, 2), (1, 0), (1, 1), (5, 3)),
    ((6, 7), (2, 3), (1, 1), (0, 2), (2, 3), (4, 5)),
    ((4, 4), (3, 3), (2, 2), (0, 0), (1, 1), (2, 2)),   # reaches beyond the end by one cell
    ((7, 7), (2, 2), (3, 3), (0, 0), (1, 1), (2, 2)),   # stops short of the end
    ((3, 4, 5), (2, 2, 2), (1, 2, 1), (1, 0, 1), (1, 1, 2), (4, 2, 5)),
]


def cell(position, offset, windows):
    """The input cell that a window's cell lies on."""
    return tuple(w * s - p + o * d for w, s, p, o, d in zip(
        position, windows.stride, windows.pad, offset, windows.dilation, strict=True))


@pytest.mark.parametrize("size, kernel, stride, pad, dilation, out", CASES)
def test_im2col_and_its_transpose(size, kernel, stride, pad, dilation, out):
    windows = Windows(kernel, stride, pad, dilation, out)
    x = random(2, 3, *size)
    expected = np.zeros((2, 3, *kernel, *out))
    for offset in np.ndindex(*kernel):
        for position in np.ndindex(*out):
            at = cell(position, offset, windows)
            if all(0 <= a < n for a, n in zip(at, size, strict=True)):
                expected[(..., *offset, *position)] = x[(..., *at)]
    columns = windows.im2col(np, x)
    assert_array_equal(columns, expected.reshape(columns.shape))

    # <im2col(x), c> = <x, col2im(c)> for every x and c is what makes them transposes
    c = random(*columns.shape, seed=2)
    assert_allclose((columns * c).sum(), (x * windows.col2im(np, c, x.shape)).sum())


def test_nothing_is_copied_where_nothing_is_padded():
    x = random(1, 2, 4, 4)
    assert Windows((2, 2), (2, 2), (0, 0), (1, 1), (2, 2)).padded(np, x) is x


def test_pointwise_windows_are_the_input_itself():
    assert Windows((1, 1), (1, 1), (0, 0), (1, 1), (4, 4)).pointwise
    assert not Windows((1, 1), (2, 2), (0, 0), (1, 1), (2, 2)).pointwise
    assert not Windows((1, 1), (1, 1), (1, 0), (1, 1), (6, 4)).pointwise
    assert not Windows((1, 2), (1, 1), (0, 0), (1, 1), (4, 3)).pointwise
