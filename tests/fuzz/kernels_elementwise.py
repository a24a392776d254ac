"""ReLU, Eltwise, sums with ReLU, Concat and its reverse, Softmax."""

from __future__ import annotations

import math

from caffepy.core.memory import Place
from caffepy.kernels.onednn import concat as onednn_concat
from caffepy.kernels.onednn import concat_few
from caffepy.kernels.operations.concat import ConcatSpec
from caffepy.kernels.operations.eltwise import EltwiseSpec
from caffepy.kernels.operations.relu import ReLUSpec
from caffepy.kernels.operations.softmax import SoftmaxSpec
from caffepy.kernels.operations.sum_relu import SumReLUSpec
from fuzz.cases import Case, family
from fuzz.draw import Draw
from fuzz.sides import Side


@family("ReLU kernel")
def relu(draw: Draw) -> Case:
    spec = ReLUSpec(draw.shape(), draw.pick((0.0, 0.0, 0.1, draw.number(0, 2))))
    x, dy, inplace = draw.given(spec.shape), draw.given(spec.shape), draw.chance()

    def play(side: Side) -> None:
        kernel = side.plan(spec)
        for _ in range(2):
            xs, dys = side.tensor(x), side.tensor(dy)
            y, dx = (xs, dys) if inplace else (side.blank(spec.shape), side.blank(spec.shape))
            kernel.forward(xs, y)
            side.note("y", y)
            kernel.backward(xs, dys, dx)
            side.note("dx", dx)

    return Case(f"{spec}{', in place' * inplace}", play)


@family("Eltwise kernel")
def eltwise(draw: Draw) -> Case:
    operation, count = draw.pick(("sum", "sum", "prod", "max")), draw.pick((2, 2, 3, 4, 6))
    coeff = (1.0,) * count
    if operation == "sum" and draw.chance():
        coeff = tuple(draw.pick((1.0, -1.0, 0.5, draw.number(-2, 2))) for _ in range(count))
    spec = EltwiseSpec(operation, draw.shape(), coeff)
    xs, dy = [draw.given(spec.shape) for _ in range(count)], draw.given(spec.shape)
    inplace = draw.integer(0, count - 1) if draw.chance(0.3) else None

    def play(side: Side) -> None:
        kernel = side.plan(spec)
        x, y, d = [side.tensor(v) for v in xs], side.blank(spec.shape), side.tensor(dy)
        kernel.forward(x, y)
        side.note("y", y)
        for index in range(count):
            dx = side.blank(spec.shape)
            kernel.backward(index, x, y, d, dx)
            side.note(f"dx {index}", dx)
        kernel.backward(count - 1, x, y, d, d)  # dx may be dy
        side.note("dx in dy", d)
        if inplace is not None and operation == "sum":
            kernel.forward(x, x[0])
            side.note("y in place", x[0])

    return Case(str(spec), play, terms=count, roundings=1 + 2 * count)


@family("SumReLU kernel")
def sum_relu(draw: Draw) -> Case:
    spec = SumReLUSpec(draw.shape())
    a, b, inplace = draw.given(spec.shape), draw.given(spec.shape), draw.chance()

    def play(side: Side) -> None:
        x = [side.tensor(a), side.tensor(b)]
        y = x[0] if inplace else side.blank(spec.shape)
        side.plan(spec).forward(x, y)
        side.note("y", y)

    return Case(f"{spec}{', in place' * inplace}", play)


@family("Concat kernel")
def concat(draw: Draw) -> Case:
    shape = list(draw.shape(2000))
    axis = draw.integer(0, len(shape) - 1)
    parts = tuple(tuple(draw.integer(1, 40) if a == axis else d for a, d in enumerate(shape))
                  for _ in range(draw.integer(1, 5)))
    spec = ConcatSpec(parts, axis)
    shape[axis] = sum(part[axis] for part in parts)
    given, whole = [draw.given(part) for part in parts], draw.given(shape)
    wanted = [draw.chance(0.8) for _ in parts]

    def play(side: Side) -> None:
        kernel = side.plan(spec)
        for _ in range(2):
            joined = side.blank(shape)
            kernel.join([side.tensor(part) for part in given], joined)
            side.note("joined", joined)
            apart = [side.blank(part) for part in parts]
            kernel.split(side.tensor(whole), [p if want else None
                                              for p, want in zip(apart, wanted, strict=True)])
            for index, part in enumerate(apart):
                side.note(f"part {index}", part)

    few = [(concat_few, "FEW", 0), (onednn_concat, "NARROW", 0)]
    return Case(str(spec), play, knobs=few)


@family("Softmax kernel")
def softmax(draw: Draw) -> Case:
    shape = draw.shape()
    axis = draw.integer(0, len(shape) - 1) if draw.chance(0.4) else min(1, len(shape) - 1)
    spec = SoftmaxSpec(shape, axis)
    x, dy, inplace = draw.given(shape), draw.given(shape), draw.chance(0.3)

    def play(side: Side) -> None:
        kernel = side.plan(spec)
        xs, dys = side.tensor(x), side.tensor(dy)
        y, dx = (xs, dys) if inplace else (side.blank(shape), side.blank(shape))
        kernel.forward(xs, y)
        side.note("y", y)
        largest = abs(dys.read(Place.HOST)).max(axis=axis, keepdims=True)
        kernel.backward(y, dys, dx)  # y times the difference of two numbers as large as dy
        side.note("dx", dx, size=largest * y.read(Place.HOST))

    return Case(f"{spec}{', in place' * inplace}", play, terms=math.prod(shape))
