"""Products with weights, and sums and products of several blobs."""

from __future__ import annotations

from functools import reduce
from itertools import product

import numpy as np

from caffepy.exchange.out.step import SIZE, Step
from caffepy.exchange.out.table import rule

NORM_EPS = 1e-6  # of happynear's normalize


@rule("InnerProduct")
def inner_product(step: Step) -> str:
    layer, p = step.layer, step.p
    w = step.weight(0)
    if p.normalize:
        rows = step.numbers(0)
        w = step.value(rows / np.sqrt(np.square(rows).sum(1, keepdims=True) + NORM_EPS))
    if layer.axis > 1:
        return _of_rows(step)
    x = step.x if step.axes == 2 and layer.axis == 1 else step("Flatten", step.x, axis=layer.axis)
    bias = [step.weight(1)] if p.bias_term else []
    y = step("Gemm", x, w, *bias, transB=int(not p.transpose))
    return y if layer.axis == 1 else step.reshape(y, [-1])


def _of_rows(step: Step) -> str:
    """Each row of K numbers, with axes before it that stay."""
    layer, rows = step.layer, step.numbers(0)
    x = step.x if step.axes == layer.axis + 1 else step.reshape(
        step.x, [*[0] * layer.axis, -1])
    y = step("MatMul", x, rows if step.p.transpose else rows.T)
    return step("Add", y, step.weight(1)) if step.p.bias_term else y


@rule("Embed")
def embed(step: Step) -> str:
    y = step("Gather", step.weight(0), step.integers(step.x), axis=0)
    return step("Add", y, step.weight(1)) if step.p.bias_term else y


@rule("LabelSpecificAdd")
def label_specific_add(step: Step) -> list[str]:
    return [step.x]  # the second top is for watching a training


@rule("Eltwise", dialect="caffe")
@rule("Eltwise", dialect="flownet")
def eltwise(step: Step) -> str:
    p = step.p
    if p.operation == p.PROD:
        return reduce(lambda a, b: step("Mul", a, b), step.bottoms)
    if p.operation == p.MAX:
        return step("Max", *step.bottoms)
    coeff = list(p.coeff) or [1.0] * len(step.bottoms)
    if coeff == [1.0, -1.0]:
        return step("Sub", *step.bottoms)
    terms = [x if c == 1 else step("Mul", x, c)
             for x, c in zip(step.bottoms, coeff, strict=True)]
    return reduce(lambda a, b: step("Add", a, b), terms)


@rule("Eltwise", dialect="lisa")
def eltwise_coeff_blob(step: Step) -> str:
    *xs, factors = step.bottoms
    behind = list(range(len(step.shapes[-1]) - 1, step.axes))
    terms = []
    for i, (x, coeff) in enumerate(zip(xs, step.layer.coeff, strict=True)):
        factor = step.unsqueeze(step("Gather", factors, i, axis=0), behind)
        term = step("Mul", x, factor)
        terms.append(term if coeff == 1 else step("Mul", term, coeff))
    return reduce(lambda a, b: step("Add", a, b), terms)


@rule("Axpy")
def axpy(step: Step) -> str:
    a, x, y = step.bottoms
    axes, wanted = len(step.shapes[0]), len(step.shapes[1])
    if axes < wanted:
        a = step.unsqueeze(a, range(axes, wanted))
    elif axes > wanted:
        a = step.reshape(a, [0] * wanted)
    return step("Add", step("Mul", a, x), y)


@rule("Correlation")
def correlation(step: Step) -> str:
    """One channel for each displacement: the mean product of one map and the other, moved."""
    p, layer = step.p, step.layer
    step.fix(SIZE)
    padded = [step("Pad", x, np.array([0, 0, p.pad, p.pad] * 2, np.int64)) for x in step.bottoms]
    sizes = [(size - 1) * p.stride_1 + p.kernel_size for size in layer.out]

    def cut(value: str, *first: int) -> str:
        ends = [at + size for at, size in zip(first, sizes, strict=True)]
        return step("Slice", value, list(first), ends, [2, 3])

    reach = range(-layer.reach * p.stride_2, layer.reach * p.stride_2 + 1, p.stride_2)
    border = p.max_displacement
    here = cut(padded[0], border, border)
    maps = []
    for dy, dx in product(reach, reach):
        there = cut(padded[1], border + dy, border + dx)
        like = step("Mul", here, there) if p.correlation_type == p.MULTIPLY else step(
            "Abs", step("Sub", here, there))
        maps.append(step.reduce("ReduceMean", like, [1]))
    y = step("Concat", *maps, axis=1)
    if p.kernel_size == p.stride_1 == 1:
        return y
    return step("AveragePool", y, kernel_shape=[p.kernel_size] * 2, strides=[p.stride_1] * 2)
