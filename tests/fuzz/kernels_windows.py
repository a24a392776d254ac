"""Pooling and LRN kernels."""

from __future__ import annotations

import math

import numpy as np

from caffepy.core.memory import Place
from caffepy.kernels.onednn import lrn as onednn_lrn
from caffepy.kernels.operations.lrn import LRNSpec
from caffepy.kernels.operations.pooling import PoolingSpec
from fuzz.cases import Case, family
from fuzz.draw import Draw, Given
from fuzz.sides import Side


@family("Pooling kernel")
def pooling(draw: Draw) -> Case:
    method = draw.pick(("max", "ave"))
    x = draw.images(3000, side=20)
    kernel = tuple(min(draw.integer(1, draw.pick((3, 5, 18))), size + 2) for size in x[2:])
    stride = draw.pair(1, draw.pick((2, 3, 5)))
    pad = tuple(draw.integer(0, k - 1) for k in kernel) if draw.chance() else (0, 0)
    up = draw.chance(0.7)
    out = []
    for size, k, s, p in zip(x[2:], kernel, stride, pad, strict=True):
        n = max(1, (math.ceil if up else math.floor)((size + 2 * p - k) / s) + 1)
        while n > 1 and (n - 1) * s >= size + p:
            n -= 1
        out.append(n)
    training = draw.chance(0.7)
    spec = PoolingSpec(method, x, (*x[:2], *out), kernel, stride, pad, training)
    given = [(draw.given(x), draw.given(spec.y), draw.chance(0.3)) for _ in range(2)]

    def play(side: Side) -> None:
        kernel = side.plan(spec)
        for xs, dys, masked in given:
            x, dy, y, dx = (side.tensor(xs), side.tensor(dys), side.blank(spec.y),
                            side.blank(spec.x))
            mask = side.blank(spec.y) if masked and method == "max" else None
            kernel.forward(x, y, mask)
            side.note("y", y)
            if mask is not None:
                side.note("mask", mask)
            if training:
                kernel.backward(dy, dx)
                side.note("dx", dx)

    # gradients of windows over one cell are added up in half precision
    over = math.prod(-(-k // s) for k, s in zip(kernel, spec.stride, strict=True))
    return Case(str(spec), play, terms=math.prod(kernel), roundings=2 + 2 * over)


@family("LRN kernel")
def lrn(draw: Draw) -> Case:
    shape = draw.images(4000, channels=120, side=9)
    size = draw.pick((1, 3, 5, 5, 7, 9, 11, 13, 15, 17, 21))
    spec = LRNSpec(draw.pick(("across", "across", "within")), shape, size,
                   draw.pick((1.0, 1e-4, draw.number(0, 3 * size))),
                   draw.pick((0.75, 0.75, 0.75, 0.75, 0.5, 1.0, draw.number(0.1, 2))),
                   draw.pick((1.0, 1.0, 2.0, draw.number(0.1, 3))), draw.chance(0.8))
    data = [(draw.given(shape), draw.given(shape)) for _ in range(2)]

    def play(side: Side) -> None:
        kernel = side.plan(spec)
        for xs, dys in data:
            x, dy, y, dx = (side.tensor(xs), side.tensor(dys), side.blank(shape),
                            side.blank(shape))
            kernel.forward(x, y)
            side.note("y", y, size=rough * np.abs(xs.values).max())
            if spec.training:
                kernel.backward(x, y, dy, dx)
                side.note("dx", dx, size=rough * (1 + 2 * spec.beta) * np.abs(dys.values).max())

    # powers that need logarithms are off by a few millionths: see onednn/lrn_pieces.py
    k = spec.k if spec.region == "across" else 1.0
    by_roots = spec.beta in (0.5, 0.75, 1.0, 1.5, 1.75, 2.0)
    rough = 0.0 if by_roots else 2 * (1 + spec.beta) * k**-spec.beta
    piece = draw.pick((2**17, 2**17, 700, 40))
    return Case(str(spec), play, terms=size**2, knobs=[(onednn_lrn, "PIECE", piece)],
                roundings=12)  # dx is the difference of two products, each with rounded factors


@family("Pooling kernel, special numbers")
def pooling_of_special_numbers(draw: Draw) -> Case:
    """What is not a number is passed over, and a window may have no winner."""
    x = draw.images(600, side=8)
    kernel = tuple(min(draw.integer(1, 3), size) for size in x[2:])
    out = tuple((size - k) // 2 + 1 for size, k in zip(x[2:], kernel, strict=True))
    spec = PoolingSpec("max", x, (*x[:2], *out), kernel, (2, 2), (0, 0), False)
    values = draw.numbers(x)
    values[draw.rng.random(x) < 0.3] = np.nan
    values[draw.rng.random(x) < 0.2] = -np.inf
    values[draw.rng.random(x) < 0.1] = np.inf
    given = Given(values, draw.chance())

    def play(side: Side) -> None:
        y, mask = side.blank(spec.y), side.blank(spec.y)
        side.plan(spec).forward(side.tensor(given), y, mask)
        side.note("mask", mask)
        won = mask.read(Place.HOST) >= 0
        side.note("y", np.where(won, y.read(Place.HOST), 0))  # the lowest float is -FLT_MAX in both

    return Case(str(spec), play)

