"""ReLU, Eltwise, Concat, Softmax and BatchNorm on oneDNN against the reference kernels."""

from __future__ import annotations

import numpy as np
import pytest
from kernels.onednn.pairs import ORDERS, blanks, normal, onednn, plans, same, tensor, twins
from numpy.testing import assert_allclose, assert_array_equal

from caffepy.core.memory import Place
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.onednn import concat, concat_few
from caffepy.kernels.operations.batch_norm import BatchNormSpec
from caffepy.kernels.operations.concat import ConcatSpec
from caffepy.kernels.operations.eltwise import EltwiseSpec
from caffepy.kernels.operations.relu import ReLUSpec
from caffepy.kernels.operations.softmax import SoftmaxSpec
from caffepy.kernels.operations.sum_relu import SumReLUSpec

IDS = ["C order", "channels-last"]
SHAPES = [(2, 20, 5, 3), (64, 50), (7,), (2, 3, 4), (1, 1, 1, 1), (2, 3, 1, 1)]


def orders(shape):
    return ORDERS if len(shape) == 4 else ORDERS[:1]


# -- ReLU ---------------------------------------------------------------------------------


@pytest.mark.parametrize("slope", [0.0, 0.1])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_relu(shape, slope):
    for order in orders(shape):
        ours, theirs = plans(ReLUSpec(shape, slope))
        x, dy, y, dx = twins(normal(shape), order), twins(normal(shape, 1), order), blanks(
            shape), blanks(shape)
        for i, kernel in enumerate((ours, theirs)):
            kernel.forward(x[i], y[i])
            kernel.backward(x[i], dy[i], dx[i])
        assert y[0].channels_last == y[1].channels_last == x[0].channels_last
        same(y)
        same(dx)


@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_relu_in_place(slope):
    ours, theirs = plans(ReLUSpec((3, 8, 5, 5), slope))
    x, d = twins(normal((3, 8, 5, 5)), Place.HOST_LAST), twins(normal((3, 8, 5, 5), 1))
    for i, kernel in enumerate((ours, theirs)):
        kernel.forward(x[i], x[i])
        kernel.backward(x[i], d[i], d[i])
    same(x)
    same(d)


@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_relu_does_not_hide_what_is_not_a_number(slope):
    values = normal((100,))
    values[[3, 50, 99]] = np.nan
    values[[4, 51]] = np.inf, -np.inf
    kernel, _ = plans(ReLUSpec((100,), slope))
    x = tensor(values)
    kernel.forward(x, x)
    result = x.read(Place.HOST)
    assert_array_equal(np.flatnonzero(np.isnan(result)), [3, 50, 99])
    assert result[4] == np.inf and result[51] == (-np.inf if slope else 0)


# -- Eltwise ------------------------------------------------------------------------------


@pytest.mark.parametrize("operation, coeff", [
    ("sum", (1.0, 1.0)), ("sum", (1.0, -1.0)), ("sum", (0.5, 2.0, -3.0)), ("sum", (1.0,) * 5),
    ("prod", (1.0, 1.0)), ("prod", (1.0,) * 4),
])
@pytest.mark.parametrize("shape", SHAPES[:3], ids=str)
def test_eltwise(shape, operation, coeff):
    for order in orders(shape):
        ours, theirs = plans(EltwiseSpec(operation, shape, coeff))
        xs = [twins(normal(shape, seed), order) for seed in range(len(coeff))]
        y, dy = blanks(shape), twins(normal(shape, 99), order)
        for i, kernel in enumerate((ours, theirs)):
            kernel.forward([x[i] for x in xs], y[i])
        assert y[0].channels_last == xs[0][0].channels_last
        same(y)
        for index in range(len(coeff)):
            dx = blanks(shape)
            for i, kernel in enumerate((ours, theirs)):
                kernel.backward(index, [x[i] for x in xs], y[i], dy[i], dx[i])
            same(dx)
        last = twins(normal(shape, 99), order)  # dx may be dy
        for i, kernel in enumerate((ours, theirs)):
            kernel.backward(0, [x[i] for x in xs], y[i], last[i], last[i])
        same(last)


def test_the_maximum_is_left_to_the_reference():
    with pytest.raises(Unsupported, match="won"):
        onednn().plan(EltwiseSpec("max", (2, 3), (1.0, 1.0)))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sum_and_relu(shape):
    for order in orders(shape):
        ours, theirs = plans(SumReLUSpec(shape))
        a, b, y = twins(normal(shape), order), twins(normal(shape, 1)), blanks(shape)
        for i, kernel in enumerate((ours, theirs)):
            kernel.forward([a[i], b[i]], y[i])
        assert y[0].channels_last == y[1].channels_last == a[0].channels_last
        same(y)
        for i, kernel in enumerate((ours, theirs)):  # in place, over what is no number too
            a[i].write(order)[...] = -1
            b[i].write(Place.HOST).reshape(-1)[0] = np.nan
            kernel.forward([a[i], b[i]], a[i])
            assert np.isnan(a[i].read(Place.HOST).reshape(-1)[0])


# -- Concat -------------------------------------------------------------------------------


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(concat_few, "FEW", 0)
    monkeypatch.setattr(concat, "NARROW", 0)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("order", ORDERS, ids=IDS)
@pytest.mark.parametrize("axis", [0, 1, 2, 3])
@pytest.mark.parametrize("sizes", [(2, 3), (40, 1, 7), (70,)])
def test_concat(sizes, axis, order):
    join_and_split([tuple(size if a == axis else d for a, d in enumerate((5, 30, 10, 11)))
                    for size in sizes], axis, order)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("shapes, axis", [
    ([(64, 50), (64, 200)], 1), ([(4, 5000), (1, 5000)], 0), ([(5000,), (17,)], 0),
    ([(3, 4, 20, 5, 6), (3, 4, 30, 5, 6)], 2), ([(70, 64, 1, 1), (70, 1, 1, 1)], 1),
])
def test_concat_of_other_shapes(shapes, axis):
    join_and_split(shapes, axis, Place.HOST)


def join_and_split(shapes, axis, order):
    values = [normal(shape, seed) for seed, shape in enumerate(shapes)]
    expected = np.concatenate(values, axis)
    ours = onednn().plan(ConcatSpec(tuple(shapes), axis))
    for _ in range(2):  # planned once, with other arrays each time
        whole = blanks(expected.shape)[0]
        ours.join([tensor(value, order) for value in values], whole)
        assert whole.channels_last is (order is Place.HOST_LAST)
        assert_array_equal(whole.read(Place.HOST), expected)
        whole, parts = tensor(expected, order), [blanks(shape)[0] for shape in shapes]
        ours.split(whole, [None, *parts[1:]])
        ours.split(whole, parts)
        for part, value in zip(parts, values, strict=True):
            assert_array_equal(part.read(Place.HOST), value)


@pytest.mark.usefixtures("few")
def test_parts_may_lie_in_another_order_than_the_first():
    shapes = ((2, 20, 10, 11), (2, 30, 10, 11))
    a, b = (normal(shape, seed) for seed, shape in enumerate(shapes))
    whole = blanks((2, 50, 10, 11))[0]
    onednn().plan(ConcatSpec(shapes, 1)).join(
        [tensor(a, Place.HOST_LAST), tensor(b, Place.HOST)], whole)
    assert_array_equal(whole.read(Place.HOST), np.concatenate((a, b), 1))


def test_what_is_left_to_numpy():
    assert onednn().plan(ConcatSpec(((2, 30), (2, 40)), 1)).detail == "NumPy"
    with pytest.raises(Unsupported, match="short rows"):  # of three channels, channels-last
        onednn().plan(ConcatSpec(((8, 3, 64, 64), (8, 64, 64, 64)), 1))


# -- Softmax ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape, axis", [
    ((64, 10), 1), ((3, 20, 5, 4), 1), ((3, 5, 1, 1), 1), ((3, 1, 5, 5), 1), ((3, 4, 5), 2),
    ((7,), 0), ((5, 1000), 1),
])
def test_softmax(shape, axis):
    for order in orders(shape):
        ours, theirs = plans(SoftmaxSpec(shape, axis))
        x, dy = twins(normal(shape) * 10, order), twins(normal(shape, 1), order)
        y, dx = blanks(shape), blanks(shape)
        for i, kernel in enumerate((ours, theirs)):
            kernel.forward(x[i], y[i])
            kernel.backward(y[i], dy[i], dx[i])
        same(y)
        same(dx)
        for i, kernel in enumerate((ours, theirs)):
            kernel.forward(x[i], x[i])
            kernel.backward(x[i], dy[i], dy[i])
        same(x)
        same(dy)


def test_softmax_of_large_numbers():
    kernel, _ = plans(SoftmaxSpec((1, 3), 1))
    x = tensor(np.array([[1000, 1000, -1000]], np.float32))
    kernel.forward(x, x)
    assert_allclose(x.read(Place.HOST), [[0.5, 0.5, 0]])


# -- BatchNorm ----------------------------------------------------------------------------

SHAPES_OF_NORM = [(4, 20, 5, 3), (4, 3, 6, 6), (64, 50), (9,), (4, 8, 3, 2, 2), (4, 5, 1, 1)]


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("shape", SHAPES_OF_NORM, ids=str)
def test_batch_norm(shape, given, inplace):
    channels = shape[1] if len(shape) > 1 else 1
    for order in orders(shape):
        ours, theirs = plans(BatchNormSpec(shape, 1e-3, given, inplace))
        x, dy = twins(normal(shape) * 3 + 5, order), twins(normal(shape, 1), order)
        y, dx = blanks(shape), blanks(shape)
        mean = [normal((channels,), 2) for _ in range(2)]
        variance = [np.abs(normal((channels,), 3)) + 0.5 for _ in range(2)]
        for i, kernel in enumerate((ours, theirs)):
            target = x[i] if inplace else y[i]
            kernel.forward(x[i], target, mean[i], variance[i])
            if inplace:  # a layer that follows in place
                target.write(Place.HOST_LAST)[...] *= 7
            kernel.backward(x[i], target, dy[i], dx[i])
        same(x if inplace else y)
        same(dx)
        assert_allclose(mean[0], mean[1], rtol=1e-4)
        assert_allclose(variance[0], variance[1], rtol=1e-4)
        for i, kernel in enumerate((ours, theirs)):
            kernel.backward(x[i], x[i] if inplace else y[i], dy[i], dy[i])
        same(dy)


def test_batch_norm_divides_the_variance_by_m():
    x = tensor(np.array([[1.0], [3.0]], np.float32))
    kernel, _ = plans(BatchNormSpec((2, 1), 0.0, False))
    mean, variance = np.zeros(1, np.float32), np.zeros(1, np.float32)
    kernel.forward(x, x, mean, variance)
    assert (mean[0], variance[0]) == (2, 1)
