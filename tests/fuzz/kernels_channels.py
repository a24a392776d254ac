"""Kernels that know channels: BatchNorm, Scale, and the two with ReLU as one."""

from __future__ import annotations

import math

import numpy as np

from caffepy.kernels.operations.batch_norm import BatchNormSpec
from caffepy.kernels.operations.normalize import NormalizeSpec
from caffepy.kernels.operations.scale import ScaleSpec
from fuzz.cases import Case, family
from fuzz.draw import Draw
from fuzz.sides import Side

EPS = (1e-5, 1e-5, 1e-3, 0.1)


@family("BatchNorm kernel")
def batch_norm(draw: Draw) -> Case:
    shape = draw.shape()
    channels = shape[1] if len(shape) > 1 else 1
    spec = BatchNormSpec(shape, draw.pick(EPS), draw.chance(0.4), draw.chance(0.4),
                         draw.chance(0.8))
    data = [(draw.given(shape), draw.given(shape), draw.numbers((channels,)),
             draw.numbers((channels,), "positive")) for _ in range(2)]

    def play(side: Side) -> None:
        kernel = side.plan(spec)
        for xs, dys, means, variances in data:
            mean, variance = side.array(means), side.array(variances)
            x, dy = side.tensor(xs), side.tensor(dys)
            y, dx = (x, dy) if spec.inplace else (side.blank(shape), side.blank(shape))
            size = terms(dys.values, xs.values, spec.eps)
            largest = np.abs(xs.values).max()
            kernel.forward(x, y, mean, variance)
            side.note("y", y, size=largest * size["slope"])
            side.note("mean", mean, size=largest)
            side.note("variance", variance, size=largest * xs.values.std())
            if spec.training:
                kernel.backward(x, y, dy, dx)
                side.note("dx", dx, size=size["dx"])

    return Case(str(spec), play, terms=math.prod(shape) // channels)


@family("Normalize kernel")
def normalize(draw: Draw) -> Case:
    shape = draw.images()
    channels = shape[1:2]
    spec = NormalizeSpec(shape, draw.pick(EPS), draw.chance(0.7))
    data = [(draw.given(shape), draw.given(shape)) for _ in range(2)]
    scale, shift = draw.parameter(channels), draw.parameter(channels)
    wanted = draw.pick([(True, True), (True, True), (True, False), (False, True), (False, False)])
    bias, inplace = draw.chance(0.8), draw.chance(0.3)

    def play(side: Side) -> None:
        kernel = side.plan(spec)
        s, b = side.tensor(scale), side.tensor(shift) if bias else None
        ds, db = side.empty(channels), side.empty(channels)
        for xs, dys in data:
            x, dy, y = side.tensor(xs), side.tensor(dys), side.blank(shape)
            dx = dy if inplace else side.blank(shape)
            mean, variance = (np.full(channels, np.nan, side.dtype) for _ in range(2))
            size = terms(dys.values, xs.values, spec.eps)
            largest, factor = np.abs(xs.values).max(), np.abs(scale.values).max()
            kernel.forward(x, s, b, y, mean, variance)
            side.note("y", y, size=factor * largest * size["slope"])
            side.note("mean", mean, size=largest)
            side.note("variance", variance, size=largest * xs.values.std())
            kernel.backward(x, s, y, dy, dx, ds if wanted[0] else None, db if wanted[1] else None)
            side.note("dx", dx, size=factor * size["dx"])
            side.note("ds", ds, size=size["sum"] * largest * size["slope"])
            side.note("db", db, size=size["sum"])

    return Case(f"{spec}, bias {bias}", play, terms=math.prod(shape) // channels[0])


def terms(dy: np.ndarray, x: np.ndarray, eps: float) -> dict[str, float]:
    """The sizes of what cancels in a normalization: dx is a difference of numbers as large as
    dy / deviation, and nothing at all where a channel has one number or two."""
    axes = (0, *range(2, x.ndim)) if x.ndim > 1 else None
    slope = float((x.astype(np.float64).var(axis=axes) + eps).min() ** -0.5)
    largest = float(np.abs(dy).max())
    count = x.size / (x.shape[1] if x.ndim > 1 else 1)
    return {"slope": slope, "dx": largest * slope, "sum": largest * math.sqrt(count)}


@family("Scale kernel")
def scale(draw: Draw) -> Case:
    shape = draw.shape()
    axis, end = 1, 2
    if len(shape) < 2 or draw.chance(0.3):
        axis = draw.integer(0, len(shape) - 1)
        end = draw.integer(axis + 1, len(shape))
    spec = ScaleSpec(shape, axis, end, draw.chance(), draw.chance(0.4), draw.chance(0.8))
    x, dy, learned = draw.given(shape), draw.given(shape), shape[axis:end]
    s, b = draw.parameter(learned), draw.parameter(learned)
    wanted = [[draw.chance(0.8) for _ in range(3)] for _ in range(2)]

    def play(side: Side) -> None:
        kernel = side.plan(spec)
        ss, bs = side.tensor(s), side.tensor(b)
        ds, db = side.empty(learned), side.empty(learned)
        for want in wanted:
            xs, dys = side.tensor(x), side.tensor(dy)
            y, dx = (xs, dys) if spec.inplace else (side.blank(shape), side.blank(shape))
            kernel.forward(xs, ss, bs if spec.bias else None, y)
            side.note("y", y)
            if spec.training:
                kernel.backward(xs, ss, dys, *(
                    tensor if w else None for tensor, w in zip(
                        (dx, ds, db if spec.bias else None), want, strict=True)))
                side.note("dx", dx)
                side.note("ds", ds)
                side.note("db", db)

    return Case(str(spec), play, terms=math.prod(shape))
