"""Two uses of one plan in a layer see nothing of each other, whatever the operation."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from support import ENGINES

from caffepy.core.context import Context
from caffepy.core.layer import PLANS_KEPT, Layer
from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.kernels import table
from caffepy.kernels.operations.batch_norm import BatchNormSpec
from caffepy.kernels.operations.concat import ConcatSpec
from caffepy.kernels.operations.convolution import ConvolutionSpec
from caffepy.kernels.operations.dropout import DropoutSpec
from caffepy.kernels.operations.eltwise import EltwiseSpec
from caffepy.kernels.operations.inner_product import InnerProductSpec
from caffepy.kernels.operations.lrn import LRNSpec
from caffepy.kernels.operations.normalize import NormalizeSpec
from caffepy.kernels.operations.pooling import PoolingSpec
from caffepy.kernels.operations.relu import ReLUSpec
from caffepy.kernels.operations.scale import ScaleSpec
from caffepy.kernels.operations.softmax import SoftmaxSpec
from caffepy.kernels.operations.softmax_loss import SoftmaxLossSpec
from caffepy.kernels.operations.sum_relu import SumReLUSpec
from caffepy.kernels.operations.transform import TransformSpec
from caffepy.kernels.operations.update import Constants, UpdateSpec
from caffepy.proto import caffe_pb2

SHAPE = (2, 8, 6, 6)
LINE = (8,)
SMALL = (2, 8, 3, 3)
W = (8, 8, 3, 3)


class Numbers:
    """What one use works on: drawn from its own seed, the same at each call."""

    def __init__(self, context: Context, seed: int) -> None:
        self.context = context
        self.generator = np.random.default_rng(seed)
        self.tensors: dict[str, Tensor] = {}

    def __call__(self, name: str, shape: tuple[int, ...] = SHAPE) -> Tensor:
        """The tensor of that name, of normal numbers at first."""
        if name not in self.tensors:
            memory = SyncedMemory(int(np.prod(shape)), np.float32, self.context.mover)
            tensor = self.tensors[name] = Tensor(memory, shape)
            tensor.overwrite(Place.HOST)[...] = self.generator.standard_normal(shape)
        return self.tensors[name]

    def labels(self) -> Tensor:
        given = self("labels", (2, 6, 6))
        given.overwrite(Place.HOST)[...] = self.generator.integers(8, size=(2, 6, 6))
        return given

    def line(self, name: str) -> object:
        """A plain array where the engine computes."""
        return self(name, LINE).write(self.context.place)

    def draw(self) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=self.generator.integers(2**60, size=2)))


def convolve(kernel, n):
    kernel.forward(n("x"), n("w", W), n("b", LINE), n("y"))
    yield
    kernel.backward_data(n("dy"), n("w"), n("dx"))
    kernel.backward_weights(n("x"), n("dy"), n("dw", W), n("db", LINE))


def multiply(kernel, n):
    kernel.forward(n("x", (4, 8)), n("w", (5, 8)), n("b", (5,)), n("y", (4, 5)))
    yield
    kernel.backward_data(n("dy", (4, 5)), n("w"), n("dx", (4, 8)))
    kernel.backward_weights(n("x"), n("dy"), n("dw", (5, 8)), n("db", (5,)))


def normalize(kernel, n):
    kernel.forward(n("x"), n("x" if kernel.spec.inplace else "y"), n.line("mean"),
                   n.line("variance"))
    yield
    kernel.backward(n("x"), n("x" if kernel.spec.inplace else "y"), n("dy"), n("dx"))


def normalize_and_scale(kernel, n):
    kernel.forward(n("x"), n("s", LINE), n("b", LINE), n("y"), n.line("mean"), n.line("variance"))
    yield
    kernel.backward(n("x"), n("s"), n("y"), n("dy"), n("dx"), n("ds", LINE), n("db", LINE))


def scale(kernel, n):
    kernel.forward(n("x"), n("s", LINE), n("b", LINE), n("x" if kernel.spec.inplace else "y"))
    yield
    kernel.backward(n("x"), n("s"), n("dy"), n("dx"), n("ds", LINE), n("db", LINE))


def drop(kernel, n):
    kernel.forward(n("x"), n("y"), n.draw())
    yield
    kernel.backward(n("dy"), n("dx"))


def pool(kernel, n):
    kernel.forward(n("x"), n("y", SMALL))
    yield
    kernel.backward(n("dy", SMALL), n("dx"))


def combine(kernel, n):
    xs = [n("x"), n("other"), n("third")]
    kernel.forward(xs, n("y"))
    yield
    for index in range(3):
        kernel.backward(index, xs, n("y"), n("dy"), n(f"dx {index}"))


def respond(kernel, n):
    kernel.forward(n("x"), n("y"))
    yield
    kernel.backward(n("x"), n("y"), n("dy"), n("dx"))


def rectify(kernel, n):
    kernel.forward(n("x"), n("y"))
    yield
    kernel.backward(n("x"), n("dy"), n("dx"))


def exponentiate(kernel, n):
    kernel.forward(n("x"), n("y"))
    yield
    kernel.backward(n("y"), n("dy"), n("dx"))


def lose(kernel, n):
    n("p").overwrite(Place.HOST)[...] = n.generator.dirichlet(np.ones(8), (2, 6, 6)).transpose(
        0, 3, 1, 2)
    labels = n.labels()
    kernel.forward(n("p"), labels, n("loss", (1,)))
    yield
    weight = n.context.xp.asarray(2.0, np.float32)
    kernel.backward(n("p"), labels, n("dx"), weight)


def join(kernel, n):
    kernel.join([n("x"), n("other")], n("y", (2, 16, 6, 6)))
    yield
    kernel.split(n("dy", (2, 16, 6, 6)), [n("dx"), n("d other")])


def add(kernel, n):
    kernel.forward([n("x"), n("other")], n("y"))
    yield


def transform(kernel, n):
    pictures = n.generator.integers(256, size=SHAPE).astype(np.uint8)
    begun = kernel.begin(pictures, np.array([[0, 0, 1], [0, 0, 0]], np.int32))
    yield
    kernel.forward(begun, None, n("y"))
    kernel.release(begun)


def update(kernel, n):
    w, g, h = (n(name, LINE).write(Place.HOST) for name in ("w", "g", "h"))
    kernel.step(w, g, [h], 1.0, 0.1, 0.01)
    yield
    kernel.step(w, g, [h], 1.0, 0.1, 0.01)


# at least one spec for each operation: the settings that leave something, if any do
CASES = [
    (BatchNormSpec(SHAPE, 1e-3, False), normalize),
    (BatchNormSpec(SHAPE, 1e-3, False, inplace=True), normalize),
    (BatchNormSpec(SHAPE, 1e1, True), normalize),
    (ConcatSpec((SHAPE, SHAPE), 1), join),
    (ConvolutionSpec(SHAPE, W, SHAPE, (1, 1), (1, 1), (1, 1)), convolve),
    (DropoutSpec(SHAPE, 0.5), drop),
    (EltwiseSpec("max", SHAPE, (1.0,) * 3), combine),
    (EltwiseSpec("prod", SHAPE, (1.0,) * 3), combine),
    (InnerProductSpec(4, 8, 5), multiply),
    (LRNSpec("across", SHAPE, 5, 1.0, 0.75, 1.0), respond),
    (LRNSpec("across", SHAPE, 7, 1.0, 0.75, 1.0), respond),
    (LRNSpec("within", SHAPE, 3, 1.0, 0.75, 1.0), respond),
    (NormalizeSpec(SHAPE, 1e-3, True), normalize_and_scale),
    (PoolingSpec("max", SHAPE, SMALL, (2, 2), (2, 2), (0, 0)), pool),
    (PoolingSpec("ave", SHAPE, SMALL, (2, 2), (2, 2), (0, 0)), pool),
    (ReLUSpec(SHAPE), rectify),
    (ScaleSpec(SHAPE, 1, 2, bias=True), scale),
    (ScaleSpec(SHAPE, 1, 2, bias=True, inplace=True), scale),
    (SoftmaxSpec(SHAPE, 1), exponentiate),
    (SoftmaxLossSpec(SHAPE, 1, ignore_label=3), lose),
    (SumReLUSpec(SHAPE), add),
    (TransformSpec(SHAPE, SHAPE), transform),
    (UpdateSpec("sgd", 8, Constants(0.9), True), update),
]
EVERY = pytest.mark.parametrize(
    "spec, work", CASES, ids=[f"{type(spec).__name__}-{i}" for i, (spec, _) in enumerate(CASES)])


def test_every_operation_has_a_case():
    assert {type(spec) for spec, _ in CASES} == set(table.contracts())


@pytest.fixture(params=[*ENGINES, "cuda"])
def layer(request):
    """One that could be anything, on an engine."""
    if request.param == "cuda":
        request.getfixturevalue("gpu")
        context = Context(0, seed=1)
    else:
        context = Context(engines=[request.param], seed=1, threads=1)
    spec = caffe_pb2.LayerParameter(name="two")
    with context.computing():
        yield Layer(spec, phase=caffe_pb2.TRAIN, context=context)


def plan(layer, spec, before=None):
    if isinstance(spec, UpdateSpec):
        if layer.context.engines[0].name != "onednn":
            pytest.skip("an update is a kernel on the CPU's fast engine alone")
        return layer.context.engines[0].plan(spec).use()
    return layer.plan(spec, before)


def results(layer, work, kernels, seeds):
    """What each use computes: all forwards first, then the backwards, the last one's first."""
    numbers = [Numbers(layer.context, seed) for seed in seeds]
    runs = [work(kernel, n) for kernel, n in zip(kernels, numbers, strict=True)]
    for run in runs:
        next(run)
    for run in reversed(runs):
        list(run)
    return [{name: tensor.read(Place.HOST).copy() for name, tensor in n.tensors.items()}
            for n in numbers]


@EVERY
def test_uses_of_one_spec_do_not_see_each_other(layer, spec, work):
    alone = [results(layer, work, [plan(layer, spec)], [seed])[0] for seed in (1, 2, 3)]
    together = results(layer, work, [plan(layer, spec) for _ in range(3)], (1, 2, 3))
    for one, among in zip(alone, together, strict=True):
        for name, values in one.items():
            assert np.isfinite(values).all(), name
            assert_array_equal(among[name], values, name)


@EVERY
def test_a_run_changes_nothing_that_was_planned(layer, spec, work):
    kernel = plan(layer, spec)
    before = dict(vars(kernel))
    results(layer, work, [kernel], [1])
    late = {name for name in vars(kernel)  # made when it is first needed
            if isinstance(getattr(type(kernel), name, None), cached_property)}
    changed = {name for name in vars(kernel).keys() | before.keys()
               if vars(kernel).get(name) is not before.get(name)}
    assert changed <= {*late, "left"}
    assert kernel.leaves or kernel.left is None


@EVERY
def test_planning_changes_nothing_of_a_layer(layer, spec, work):
    first = plan(layer, spec)
    alone = results(layer, work, [plan(layer, spec)], [1])[0]
    numbers = Numbers(layer.context, 1)
    run = work(first, numbers)
    next(run)
    before = {**vars(layer)}
    other = plan(layer, spec)
    assert other.left is None
    assert other is not first or not first.leaves
    assert vars(layer) == before
    list(run)
    for name, values in alone.items():
        assert_array_equal(numbers.tensors[name].read(Place.HOST), values, name)


def test_a_use_stays_for_its_spec(layer):
    spec, other = DropoutSpec(SHAPE, 0.5), DropoutSpec(SMALL, 0.5)
    numbers, kernel = Numbers(layer.context, 1), layer.plan(spec)
    kernel.forward(numbers("x"), numbers("y"), numbers.draw())
    assert layer.plan(spec, kernel) is kernel, "what it left is there after a reshape"
    elsewhere = layer.plan(other, kernel)
    assert elsewhere.left is None
    assert layer.plan(spec, elsewhere).left is kernel.left, "and after one there and back"
    assert layer.plan(spec).left is None
    assert layer.plan(spec).planned is kernel.planned, "but it is planned once"


def test_a_use_keeps_what_it_left_for_a_few_shapes(layer):
    kernel = first = layer.plan(DropoutSpec((1,), 0.5))
    for count in range(2, 50):
        kernel.left = object()
        kernel = layer.plan(DropoutSpec((count,), 0.5), kernel)
    assert len(kernel.past) <= PLANS_KEPT
    assert first.planned not in kernel.past
