"""Layers that make one number of many: sums, means, the place of the largest."""

from __future__ import annotations

import numpy as np

from caffepy.exchange.out.rules.arrangement import turned
from caffepy.exchange.out.step import Step
from caffepy.exchange.out.table import rule

OPERATIONS = {"SUM": "ReduceSum", "ASUM": "ReduceL1", "SUMSQ": "ReduceSumSquare",
              "MEAN": "ReduceMean"}


@rule("Reduction")
def reduction(step: Step) -> str:
    layer = step.layer
    y = step.x
    if layer.axes:
        y = step.reduce(OPERATIONS[layer.operation], y, layer.axes, keep=False)
    elif layer.operation in ("ASUM", "SUMSQ"):
        y = step("Abs", y) if layer.operation == "ASUM" else step("Mul", y, y)
    return y if step.p.coeff == 1 else step("Mul", y, step.p.coeff)


@rule("BatchReduction")
def batch_reduction(step: Step) -> str:
    layer, p, x = step.layer, step.p.reduction_param, step.x
    axis, sizes = layer.axis, step.shapes[0]
    if step.p.pos:  # the diagonal of two axes
        size = sizes[axis]
        x = step.reshape(x, [*[0] * axis, size * size, *sizes[axis + 2 :]])
        x = step("Gather", x, np.arange(size) * (size + 1), axis=axis)
    if layer.operation == "TOPK":
        best = step.several("TopK", 2, x, [p.k], axis=axis)[0]
        return step.reduce("ReduceMean", best, [axis], keep=layer.levels != [1])
    operation = "ReduceMean" if layer.operation == "MEAN" else "ReduceSum"
    if layer.levels == [1]:
        return step.reduce(operation, x, [axis], keep=False)
    parts = step.split(x, layer.counts, axis) if len(layer.counts) > 1 else [x]
    parts = [step.reduce(operation, part, [axis]) for part in parts]
    return step("Concat", *parts, axis=axis)


@rule("ArgMax")
def arg_max(step: Step) -> str:
    """Of equal scores Caffe takes the one with the larger index; TopK the one with the smaller, so
    it looks from the end."""
    layer, p = step.layer, step.p
    x = step("Flatten", step.x, axis=1) if layer.axis is None else step.x
    axis = 1 if layer.axis is None else layer.axis
    scores = int(np.prod(step.shapes[0][1:])) if layer.axis is None else step.shapes[0][axis]
    if p.top_k == 1 and not p.out_max_val:
        best = step.floats(step("ArgMax", x, axis=axis, select_last_index=1))
        values = best
    else:
        values, places = step.several("TopK", 2, turned(step, [axis], x), [p.top_k], axis=axis)
        best = step.floats(step("Sub", scores - 1, places))
    if layer.axis is not None:
        return values if p.out_max_val else best
    rows = [step.unsqueeze(each, [1]) for each in ([best, values] if p.out_max_val else [best])]
    y = step("Concat", *rows, axis=1) if p.out_max_val else rows[0]
    return step.unsqueeze(y, range(3, len(step.top_shapes[0])))
