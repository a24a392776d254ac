"""Pooling on oneDNN: ties, ceil windows, clipped means, masks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.onednn.pairs import ORDERS, blanks, empty, normal, onednn, plans, same, tensor, twins
from numpy.testing import assert_array_equal

from caffepy.core.memory import Place
from caffepy.kernels.operations.pooling import PoolingSpec


def spec_of(method, x, kernel, stride, pad, up=True, training=True):
    """Caffe's output size: rounded up, without windows that start beyond height + pad."""
    out = []
    for size, k, s, p in zip(x[2:], kernel, stride, pad, strict=True):
        n = (math.ceil if up else math.floor)((size + 2 * p - k) / s) + 1
        if any(pad) and (n - 1) * s >= size + p:
            n -= 1
        out.append(n)
    return PoolingSpec(method, x, (*x[:2], *out), kernel, stride, pad, training)


CASES = [
    ((3, 20, 8, 8), (2, 2), (2, 2), (0, 0)),
    ((2, 50, 9, 9), (3, 3), (2, 2), (0, 0)),
    ((2, 3, 8, 8), (3, 3), (2, 2), (0, 0)),  # the last window reaches beyond the input
    ((2, 3, 8, 8), (3, 3), (2, 2), (1, 1)),  # beyond height + pad
    ((1, 1, 7, 6), (3, 2), (2, 3), (1, 0)),
    ((2, 20, 7, 7), (7, 7), (1, 1), (0, 0)),
    ((2, 8, 7, 7), (3, 3), (1, 1), (1, 1)),
    ((2, 8, 9, 9), (5, 5), (3, 3), (4, 4)),
    ((2, 16, 1, 1), (1, 1), (1, 1), (0, 0)),
    ((1, 3, 20, 20), (17, 17), (2, 2), (0, 0)),  # too many cells to count in a byte
    ((2, 5, 8, 9), (2, 3), (3, 3), (0, 0)),  # stride beyond the kernel: cells in no window
]


def compare(spec, order, x, masked=False):
    ours, theirs = plans(spec)
    xs, dys = twins(x, order), twins(normal(spec.y, 1), order)
    ys, dxs, masks = blanks(spec.y), blanks(spec.x), blanks(spec.y)
    for i, kernel in enumerate((ours, theirs)):
        kernel.forward(xs[i], ys[i], masks[i] if masked else None)
        if spec.training:
            kernel.backward(dys[i], dxs[i])
    same(ys)
    if spec.training:
        same(dxs)
    if masked:
        assert_array_equal(masks[0].read(Place.HOST), masks[1].read(Place.HOST))


@pytest.mark.parametrize("order", ORDERS, ids=["C order", "channels-last"])
@pytest.mark.parametrize("up", [True, False], ids=["ceil", "floor"])
@pytest.mark.parametrize("method", ["max", "ave"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_the_reference(method, case, up, order):
    spec = spec_of(method, *case, up=up)
    compare(spec, order, normal(spec.x))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_first_of_equal_values_wins(case):
    """Flat regions: gradients and masks tell which cell was taken."""
    spec = spec_of("max", *case)
    steps = np.random.default_rng(0).integers(-1, 2, spec.x).astype(np.float32)
    for x in (np.zeros(spec.x, np.float32), np.full(spec.x, -3, np.float32), steps):
        compare(spec, Place.HOST_LAST, x, masked=True)


def test_windows_in_which_no_value_wins():
    """Not-a-number is passed over; the mask of a window without a winner is -1."""
    spec = spec_of("max", (1, 9, 4, 4), (2, 2), (2, 2), (0, 0), training=False)
    x = normal(spec.x)
    x[:, :, 0, 0] = np.nan
    x[:, :, 0:2, 2:4] = np.nan
    x[:, :, 2:4, 0:2] = -np.inf
    x[:, :, 3, 3] = np.inf
    results = []
    for kernel in plans(spec):
        y, mask = empty(spec.y), empty(spec.y)
        kernel.forward(tensor(x), y, mask)
        results.append((y.read(Place.HOST), mask.read(Place.HOST)))
    assert_array_equal(results[0], results[1])
    assert (results[0][1] == -1).sum() == 2 * 9


def test_a_mask_without_training():
    spec = spec_of("max", (2, 20, 9, 9), (3, 3), (2, 2), (1, 1), training=False)
    compare(spec, Place.HOST, normal(spec.x))
    compare(spec, Place.HOST, normal(spec.x), masked=True)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_random_shapes_equal_the_reference(data):
    def draw(low, high):
        return data.draw(st.integers(low, high))

    kernel = (draw(1, 4), draw(1, 4))
    stride = (draw(1, 3), draw(1, 3))
    pad = tuple(draw(0, k - 1) for k in kernel)
    x = (draw(1, 2), draw(1, 20), *(k + draw(0, 7) for k in kernel))
    spec = spec_of(data.draw(st.sampled_from(["max", "ave"])), x, kernel, stride, pad,
                   data.draw(st.booleans()))
    compare(spec, data.draw(st.sampled_from(ORDERS)), normal(x, draw(0, 9)))


def test_it_says_what_it_chose():
    assert onednn().plan(spec_of("max", *CASES[0])).detail.startswith("acdb jit")
