"""Convolution and inner product of 8 bits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from caffepy.kernels.eight_bits import SIGNED, EightBits
from caffepy.kernels.operations.convolution import ConvolutionSpec
from caffepy.kernels.operations.inner_product import InnerProductSpec
from fuzz.cases import Case, family
from fuzz.draw import Draw, Given
from fuzz.kernels_convolution import spec_of
from fuzz.sides import Side


def case_of(draw: Draw, spec: Any, x: Given, w: Given, y: tuple[int, ...], outputs: int,
            run: str = "forward", added: Given | None = None) -> Case:
    """Steps are powers of 2, so that dividing by them is exact, and what is rounded is not shaken:
    the next whole number is no near miss."""
    signed, bias = draw.chance(), draw.parameter((outputs,))
    relu, here = draw.chance(), draw.chance()
    if not signed:
        x = x._replace(values=np.abs(x.values))
    largest = float(np.abs(x.values).max()) or 1.0
    step = 2.0 ** float(np.ceil(np.log2(draw.pick((0.3, 1.0, 1.0)) * largest / SIGNED)))
    spec = replace(spec, training=False, quantized=EightBits(step, signed))

    def play(side: Side) -> None:
        shake, side.shake = side.shake, None
        xs, ws = side.tensor(x), side.tensor(w)
        side.shake = shake
        kernel, result, more = side.plan(spec), side.blank(y), {}
        if added is not None:
            more = {"added": side.tensor(added), "relu": relu}
            result = more["added"] if here else result
        getattr(kernel, run)(
            x=xs, w=ws, b=side.tensor(bias) if spec.bias else None, y=result, **more)
        side.note("y", result)

    return Case(f"{spec}, {spec.quantized}, {run}", play, terms=w.values.size // outputs)


@family("Convolution kernel, 8 bits")
def convolution(draw: Draw) -> Case:
    kernel, stride = draw.pair(1, draw.pick((1, 3, 5))), draw.pair(1, 2)
    spec: ConvolutionSpec = spec_of(
        draw, kernel, stride, draw.pair(0, 2), draw.pair(1, draw.pick((1, 1, 2))),
        draw.pick((1, 1, 1, 2, 3)))
    run = draw.pick(("forward", "forward_relu", "forward_sum"))
    return case_of(draw, spec, draw.given(spec.x), draw.parameter(spec.w), spec.y, spec.w[0], run,
                   draw.given(spec.y) if run == "forward_sum" else None)


@family("InnerProduct kernel, 8 bits")
def inner_product(draw: Draw) -> Case:
    m, k, n = draw.integer(1, 40), draw.integer(1, 300), draw.integer(1, 80)
    spec = InnerProductSpec(m, k, n, draw.chance(0.3), draw.chance(0.7))
    return case_of(draw, spec, draw.given((m, k)),
                   draw.parameter((k, n) if spec.transpose else (n, k)), (m, n), n)
