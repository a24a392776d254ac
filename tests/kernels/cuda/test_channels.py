"""Batch normalization, Scale, Softmax and its loss: sums over what lies around an axis."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kernels.cuda.sides import ORDERS, SHAPES, Side, both, normal, numbers

from caffepy.errors import DataError
from caffepy.kernels.cuda import CudaEngine
from caffepy.kernels.operations.batch_norm import BatchNormSpec
from caffepy.kernels.operations.scale import ScaleSpec
from caffepy.kernels.operations.softmax import SoftmaxSpec
from caffepy.kernels.operations.softmax_loss import SoftmaxLossSpec

pytestmark = pytest.mark.usefixtures("gpu")

OTHER = {"plain": "last", "last": "plain"}
LONG = [(300, 3, 4, 4), (2, 3, 60, 50)]  # several parts of a sum


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("given", "inplace"), [(False, False), (False, True), (True, False)])
@pytest.mark.parametrize("shape", [*SHAPES, *LONG, (9,), (40, 37), (4, 3, 5)])
def test_batch_norm(shape, given, inplace, order):
    channels = shape[1] if len(shape) > 1 else 1
    x, dy = 3 * normal(shape) + 5, normal(shape, 1)
    mean, variance = normal((channels,), 2), normal((channels,), 3) ** 2

    def run(side):
        plan = side.engine.plan(BatchNormSpec(shape, 1e-3, given, inplace))
        m = side.array(mean if given else np.empty_like(mean))
        v = side.array(variance if given else np.empty_like(mean))
        xs, dys = side.tensor(x, order), side.tensor(dy, order)
        y = xs if inplace else side.empty(shape)
        plan.forward(xs, y, m, v)
        result = numbers(y)
        if inplace:
            y.overwrite(side.place)[...] = 0  # a Scale layer works in place on it
        plan.backward(xs, y, side.tensor(dy, OTHER[order]), again := side.empty(shape))
        dx = dys if inplace else side.empty(shape)
        plan.backward(xs, y, dys, dx)
        return m, v, result, dx, again

    # where a channel is a single pixel of few images dx is a small difference of large numbers
    both(run, rtol=1e-3, atol=2e-4)



def test_a_small_variance_beside_a_large_mean():
    shape = (8, 2, 5, 5)
    x = (1000 + 0.1 * normal(shape)).astype(np.float32)
    wanted = x.astype(np.float64).var(axis=(0, 2, 3))

    def run(side):
        m, v = (side.array(np.empty(2, np.float32)) for _ in range(2))
        plan = side.engine.plan(BatchNormSpec(shape, 0.0, False))
        plan.forward(side.tensor(x), side.empty(shape), m, v)
        return [numbers(v) / wanted]

    both(run, rtol=1e-3, halves=False)  # 1000.1 has no place between float16's 1000 and 1000.5


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize(("shape", "axis", "end"), [
    *((shape, 1, 2) for shape in (*SHAPES, *LONG)), ((2, 3, 4, 5), 0, 2), ((2, 3, 4, 5), 1, 4),
    ((2, 3, 4, 5), 2, 2), ((6, 40), 1, 2), ((5,), 0, 1), ((2, 3, 4, 5, 2), 1, 3),
])
def test_scale(shape, axis, end, inplace, order):
    x, dy, own = normal(shape), normal(shape, 1), shape[axis:end]
    s, b, held = normal(own, 2), normal(own, 3), normal(own, 4)

    def run(side):
        plan = side.engine.plan(ScaleSpec(shape, axis, end, True, inplace))
        xs, dys, ss = side.tensor(x, order), side.tensor(dy, order), side.tensor(s)
        y = xs if inplace else side.empty(shape)
        plan.forward(xs, ss, side.tensor(b), y)
        result = numbers(y)
        ds, db = side.tensor(held), side.tensor(held)
        ds.zero()
        plan.backward(xs, ss, dys, dx := side.empty(shape), ds, db)
        again, other = side.tensor(held), side.tensor(held)
        plan.backward(xs, ss, side.tensor(dy, OTHER[order]), None, again, None)
        plan.backward(xs, ss, dys, dys, None, other)
        return result, dx, ds, db, again, other, dys

    both(run, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("order", ORDERS)
def test_scale_without_shift(order):
    shape = (2, 3, 4, 5)

    def run(side):
        plan = side.engine.plan(ScaleSpec(shape, 1, 2))
        plan.forward(side.tensor(normal(shape), order), side.tensor(normal((3,), 1)), None,
                     y := side.empty(shape))
        return [y]

    both(run)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("shape", "axis"), [
    ((5, 10), 1), ((3, 1000), 1), ((2, 3, 5, 7), 1), ((2, 70, 3, 4), 1), ((2, 3, 4, 5), 3),
    ((4, 3, 2), 0), ((7,), 0), ((2, 1, 3, 3), 1),
])
def test_softmax(shape, axis, order):
    x, dy = 4 * normal(shape), normal(shape, 1)
    x.flat[:2] = 200, -200

    def run(side):
        plan = side.engine.plan(SoftmaxSpec(shape, axis))
        xs, y, dx = side.tensor(x, order), side.empty(shape), side.empty(shape)
        plan.forward(xs, y)
        dys = side.tensor(dy, order)
        plan.backward(y, dys, dx)
        plan.backward(y, dys, dys)
        plan.forward(xs, xs)
        return y, dx, dys, xs

    both(run, atol=1e-6, halves=False)  # softmax stays float32


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("ignore", [None, 2, -1])
@pytest.mark.parametrize("divisor", [None, 3.0])
@pytest.mark.parametrize(("shape", "axis"), [
    ((5, 10), 1), ((300, 4), 1), ((2, 5, 3, 7), 1), ((2, 3, 4, 5), 2)])
def test_softmax_loss(shape, axis, ignore, divisor, order):
    p = np.exp(normal(shape))
    p /= p.sum(axis, keepdims=True)
    places = math.prod(shape) // shape[axis]
    labels = np.random.default_rng(0).integers(0, shape[axis], places).astype(np.float32)
    if ignore == -1:
        labels[::3] = -1
    labels[0] = p.flat[0] = 0  # the largest loss there is

    def run(side):
        plan = side.engine.plan(SoftmaxLossSpec(shape, axis, ignore, divisor))
        ps, given = side.tensor(p, order), side.tensor(labels)
        plan.forward(ps, given, loss := side.empty(()))
        plan.backward(ps, given, dx := side.empty(shape), side.array(np.float32(2.5)))
        if side.engine.name == "cuda":
            side.engine.device.check()
        return loss, dx

    both(run, rtol=1e-4, atol=1e-6)


def test_the_loss_of_what_is_not_a_number():
    p = np.full((40, 3), 1 / 3, np.float32)
    p[7] = np.nan

    def run(side):
        plan = side.engine.plan(SoftmaxLossSpec((40, 3), 1))
        ps, labels = side.tensor(p), side.tensor(np.ones(40, np.float32))
        plan.forward(ps, labels, loss := side.empty(()))
        plan.backward(ps, labels, dx := side.empty((40, 3)), side.array(np.float32(1)))
        return loss, dx

    both(run)


def test_all_labels_ignored():
    def run(side):
        plan = side.engine.plan(SoftmaxLossSpec((2, 3), 1, 1))
        ps, labels = side.tensor(np.full((2, 3), 1 / 3, np.float32)), side.tensor(np.ones(2, "f"))
        plan.forward(ps, labels, loss := side.empty(()))
        plan.backward(ps, labels, dx := side.empty((2, 3)), side.array(np.float32(1)))
        return loss, dx

    both(run)


@pytest.mark.parametrize("bad", [3, -1, np.nan, 1e9])
def test_a_bad_label_is_found_when_the_host_looks(bad):
    engine = CudaEngine(0)
    side = Side(engine)
    plan = engine.plan(SoftmaxLossSpec((400, 3), 1))
    labels = np.zeros(400, np.float32)
    labels[[333, 350]] = bad
    ps = side.tensor(np.full((400, 3), 1 / 3, np.float32))
    plan.forward(ps, side.tensor(labels), loss := side.empty(()))
    with engine.device.computing():
        one = side.array(np.float32(1))
    plan.backward(ps, side.tensor(labels), dx := side.empty((400, 3)), one)
    assert numbers(loss) == pytest.approx(math.log(3), rel=1e-5)
    assert not numbers(dx)[333].any()
    with pytest.raises(DataError, match="number 333 cannot be used") as caught:
        engine.device.check()
    assert caught.value.found == f"{float(np.float32(bad)):g}"
    engine.device.check()  # said once
