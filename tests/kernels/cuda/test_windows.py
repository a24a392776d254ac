"""Pooling and local response normalization."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kernels.cuda.sides import ORDERS, both, normal

from caffepy.kernels.operations.lrn import LRNSpec
from caffepy.kernels.operations.pooling import PoolingSpec

pytestmark = pytest.mark.usefixtures("gpu")


def output(size: int, kernel: int, stride: int, pad: int) -> int:
    """Caffe rounds up, and drops a window that starts in the padding beyond the input."""
    out = math.ceil((size + 2 * pad - kernel) / stride) + 1
    return out - 1 if pad and (out - 1) * stride >= size + pad else out


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", ["max", "ave"])
@pytest.mark.parametrize(("shape", "kernel", "stride", "pad"), [
    ((2, 3, 5, 7), (2, 2), (2, 2), (0, 0)),
    ((1, 33, 9, 8), (3, 3), (2, 2), (0, 0)),
    ((2, 4, 7, 7), (3, 2), (1, 3), (1, 1)),
    ((1, 2, 6, 5), (3, 3), (2, 2), (2, 2)),
    ((2, 5, 4, 6), (4, 6), (1, 1), (0, 0)),
    ((1, 1, 5, 5), (2, 2), (3, 3), (0, 0)),
    ((2, 12, 9, 7), (3, 3), (2, 2), (1, 1)),
    ((2, 8, 3, 3), (3, 3), (1, 1), (0, 0)),
])
def test_pooling(shape, kernel, stride, pad, method, order):
    size = tuple(map(output, shape[2:], kernel, stride, pad))
    y_shape = (*shape[:2], *size)
    x, dy = np.round(normal(shape), 1), normal(y_shape, 1)  # rounded: some are equal
    spec = PoolingSpec(method, shape, y_shape, kernel, stride, pad)

    def run(side):
        plan = side.engine.plan(spec)
        y, dx = side.empty(y_shape), side.empty(shape)
        plan.forward(side.tensor(x, order), y)
        plan.backward(side.tensor(dy, order), dx)
        again = side.empty(shape)
        plan.backward(side.tensor(dy), again)
        return y, dx, again

    both(run)


@pytest.mark.parametrize("order", ORDERS)
def test_windows_without_a_maximum(order):
    shape, y_shape = (1, 2, 4, 4), (1, 2, 2, 2)
    x, dy = normal(shape), normal(y_shape, 1)
    x[0, 0, :2, :2] = np.nan
    x[0, 0, 2:, :2] = -np.inf
    x[0, 1, 0, 0] = np.nan

    def run(side):
        plan = side.engine.plan(PoolingSpec("max", shape, y_shape, (2, 2), (2, 2), (0, 0)))
        y, dx, mask = side.empty(y_shape), side.empty(shape), side.empty(y_shape)
        plan.forward(side.tensor(x, order), y, mask)
        plan.backward(side.tensor(dy, order), dx)
        return y, dx, mask

    both(run, halves=False)  # where -FLT_MAX, which such windows give, is -infinity


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("order", ORDERS)
def test_the_mask_names_the_winners(order, training):
    shape, y_shape = (2, 3, 7, 6), (2, 3, 4, 3)
    x = normal(shape)
    spec = PoolingSpec("max", shape, y_shape, (3, 3), (2, 2), (1, 1), training)

    def run(side):
        plan = side.engine.plan(spec)
        y, mask, alone = side.empty(y_shape), side.empty(y_shape), side.empty(y_shape)
        plan.forward(side.tensor(x, order), y, mask)
        plan.forward(side.tensor(x, order), alone)
        return y, mask, alone

    both(run)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("region", "shape", "size"), [
    ("across", (2, 7, 3, 5), 5), ("across", (1, 3, 4, 4), 9), ("across", (2, 33, 2, 3), 3),
    ("within", (2, 3, 7, 5), 3), ("within", (1, 2, 4, 9), 5), ("within", (1, 1, 3, 3), 7),
])
def test_lrn(region, shape, size, order):
    x, dy = normal(shape) * 2, normal(shape, 1)
    spec = LRNSpec(region, shape, size, 0.5, 0.75, 1.5)

    def run(side):
        plan = side.engine.plan(spec)
        xs, y, dx = side.tensor(x, order), side.empty(shape), side.empty(shape)
        plan.forward(xs, y)
        plan.backward(xs, y, side.tensor(dy, order), dx)
        return y, dx

    both(run)


def test_lrn_keeps_nothing_for_inference():
    shape = (1, 4, 3, 3)

    def run(side):
        y = side.empty(shape)
        plan = side.engine.plan(LRNSpec("across", shape, 5, 1e-4, 0.75, 1.0, False))
        plan.forward(side.tensor(normal(shape)), y)
        return [y]

    both(run)
