"""ReLU, Eltwise, Concat, Dropout: they follow the order that their input lies in."""

from __future__ import annotations

import fake_cuda
import numpy as np
import pytest
from kernels.cuda.sides import ORDERS, REAL, SHAPES, Side, both, normal

from caffepy.core.context import Context
from caffepy.core.memory import Place
from caffepy.kernels.cuda import CudaEngine
from caffepy.kernels.operations.concat import ConcatSpec
from caffepy.kernels.operations.dropout import DropoutKernel, DropoutSpec
from caffepy.kernels.operations.eltwise import EltwiseSpec
from caffepy.kernels.operations.relu import ReLUSpec

pytestmark = pytest.mark.usefixtures("gpu")


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("slope", [0.0, 0.1])
@pytest.mark.parametrize("shape", [*SHAPES, (7,), (3, 1000)])
def test_relu(shape, slope, order):
    x, dy = normal(shape), normal(shape, 1)
    x.flat[:4] = 0, np.inf, -np.inf, np.nan

    def run(side):
        kernel = side.engine.plan(ReLUSpec(shape, slope))
        xs, dys = side.tensor(x, order), side.tensor(dy, order)
        y, dx = side.empty(shape), side.empty(shape)
        kernel.forward(xs, y)
        assert y.channels_last == xs.channels_last
        kernel.backward(xs, dys, dx)
        kernel.forward(xs, xs)
        kernel.backward(y, dys, dys)
        return y, dx, xs, dys

    both(run)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("operation", "coeff"), [
    ("sum", (1.0, 1.0)), ("sum", (2.0, -0.5, 1.0)), ("prod", (1.0, 1.0)),
    ("prod", (1.0, 1.0, 1.0, 1.0)), ("max", (1.0, 1.0)), ("max", (1.0, 1.0, 1.0)),
])
@pytest.mark.parametrize("inplace", [False, True])
def test_eltwise(operation, coeff, order, inplace):
    shape = (2, 5, 7, 9)
    bottoms = [np.round(normal(shape, seed), 1) for seed in range(len(coeff))]  # some are equal
    bottoms[1].flat[3] = np.nan
    dy = normal(shape, 9)

    def run(side):
        kernel = side.engine.plan(EltwiseSpec(operation, shape, coeff))
        xs = [side.tensor(x, order if i % 2 == 0 else "plain") for i, x in enumerate(bottoms)]
        y, dys = xs[0] if inplace else side.empty(shape), side.tensor(dy, order)
        kernel.forward(xs, y)
        if inplace and operation != "sum":
            return [y]  # the original refuses it nowhere, yet its gradient is not defined
        grads = [side.empty(shape) for _ in xs]
        for index, dx in reversed(list(enumerate(grads))):
            kernel.backward(index, xs, y, dys, dx)
        last = side.empty(shape)
        kernel.backward(0, xs, y, side.tensor(dy), last)
        return y, *grads, last

    both(run)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("axis", "sizes"), [
    (0, (1, 3)), (1, (3, 1, 5)), (2, (2, 4)), (3, (7,)), (1, (4, 12, 8))])
def test_concat(axis, sizes, order):
    shapes = [tuple(size if a == axis else d for a, d in enumerate((2, 3, 4, 5))) for size in sizes]
    values = [normal(shape, seed) for seed, shape in enumerate(shapes)]
    whole = np.concatenate(values, axis)

    def run(side):
        kernel = side.engine.plan(ConcatSpec(tuple(shapes), axis))
        joined = side.empty(whole.shape)
        kernel.join([side.tensor(v, order) for v in values], joined)
        parts = [side.empty(shape) for shape in shapes]
        kernel.split(side.tensor(whole, order), parts)
        kernel.split(side.tensor(whole, order), [None] * len(parts))
        return joined, *parts

    both(run)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("ratio", [0.5, 0.123])
@pytest.mark.parametrize("shape", [*SHAPES, (1,), (3, 4099)])
def test_dropout_drops_what_the_cpu_drops(shape, ratio, order):
    x, dy = normal(shape), normal(shape, 1)
    context = Context(seed=2**31 - 1, rank=3, engines=["reference"])

    def run(side):
        kernel = side.engine.plan(DropoutSpec(shape, ratio))
        results = []
        for position in (1, 2, 17):  # the next, and one that is not
            xs, dys, y = side.tensor(x, order), side.tensor(dy, order), side.empty(shape)
            kernel.forward(xs, y, context.generator("net/drop", position))
            kernel.backward(dys, dys)
            kernel.backward(side.tensor(dy), dx := side.empty(shape))
            results += [y, dys, dx]
        kernel.forward(xs, xs, context.generator("net/drop", 18))
        return *results, xs

    both(run, rtol=1e-6, atol=0)


def test_a_draw_at_the_threshold_is_kept():
    context = Context(seed=3, engines=["reference"])
    draws = np.frombuffer(context.generator("drop", 1).bytes(200), np.uint16)
    spec = DropoutSpec((100,), float(np.sort(draws)[50]) / DropoutKernel.steps)

    def run(side):
        kernel, y = side.engine.plan(spec), side.empty((100,))
        assert kernel.threshold in draws
        kernel.forward(side.tensor(np.ones(100, np.float32)), y, context.generator("drop", 1))
        return [y]

    both(run)


@pytest.mark.parametrize("order", ORDERS)
def test_few_blocks_draw_for_many_numbers(monkeypatch, order):
    monkeypatch.setattr("caffepy.kernels.cuda.dropout.WAVES", 1)
    monkeypatch.setattr("caffepy.kernels.cuda.device.WAVES", 1)
    context, shape = Context(seed=3, engines=["reference"]), (2, 5, 41, 61)

    def run(side):
        if side.engine.name == "cuda":
            side.engine.device.processors = 2
        kernel, y = side.engine.plan(DropoutSpec(shape, 0.5)), side.empty(shape)
        for position in (1, 2):
            kernel.forward(side.tensor(normal(shape), order), y,
                           context.generator("drop", position))
        return [y]

    both(run)


def test_a_replayed_dropout_draws_anew():
    shape, context = (3, 50), Context(seed=1, engines=["reference"])
    engine = CudaEngine(0)
    device, kernel = engine.device, engine.plan(DropoutSpec(shape, 0.5))
    side = Side(engine)
    x, y = side.tensor(np.ones(shape, np.float32)), side.empty(shape)
    eager = []
    for position in range(1, 7):
        kernel.forward(x, y, context.generator("drop", position))
        eager.append(y.read(Place.HOST).copy())
    assert not np.array_equal(eager[0], eager[1])
    y.overwrite(Place.DEVICE)
    with device.computing():
        device.stream.begin_capture()
        device.capturing = True
        kernel.forward(x, y, context.generator("drop", 7))
        device.capturing = False
        graph = device.stream.end_capture()
        fake_cuda.counts.launches.clear()
        for position in (3, 4, 5, 2):
            kernel.seek(context.generator("drop", position))
            graph.launch()
            y.overwrite(Place.DEVICE)
            assert np.array_equal(y.read(Place.HOST), eager[position - 1])
    assert REAL or fake_cuda.counts.launches == {"forward": 4, "seek": 2}
