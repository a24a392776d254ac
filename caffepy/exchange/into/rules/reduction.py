"""Sums, means and maxima along axes."""

from __future__ import annotations

from caffepy.exchange.into.refused import NotInCaffe
from caffepy.exchange.into.rules.pooling import whole
from caffepy.exchange.into.step import Step
from caffepy.exchange.into.table import rule

OPERATIONS = {"ReduceMean": "MEAN", "ReduceSum": "SUM", "ReduceL1": "ASUM",
              "ReduceSumSquare": "SUMSQ", "ReduceL2": "SUMSQ"}


@rule(*OPERATIONS, "ReduceMax")
def reduction(step: Step) -> str:
    shape, axes = step.shape(), _axes(step)
    kept = tuple(1 if axis in axes else n for axis, n in enumerate(shape))
    if not axes:
        return step.x
    spatial = len(shape) > 2 and axes == list(range(2, len(shape)))
    if spatial and step.operation in ("ReduceMean", "ReduceMax"):
        y = whole(step, "AVE" if step.operation == "ReduceMean" else "MAX")
        return step.reshape(y, kept, step.top_shape, "_flat")
    if step.operation == "ReduceMax":
        raise NotInCaffe("a maximum over other axes than all spatial ones")
    x, order = step.x, [axis for axis in range(len(shape)) if axis not in axes]
    if axes != list(range(len(order), len(shape))):  # Reduction takes the last axes
        x = step("Permute", x, suffix="_order", permute_param={"order": [*order, *axes]})
    y = step("Reduction", x, reduction_param={"operation": OPERATIONS[step.operation],
                                              "axis": len(order)})
    if step.operation == "ReduceL2":
        y = step("Power", y, suffix="_root", power_param={"power": 0.5})
    return step.reshape(y, [shape[axis] for axis in order], step.top_shape, "_shape")


@rule("ArgMax")
def arg_max(step: Step) -> str:
    axis = step.axis(step.attribute("axis", 0))
    if step.attribute("select_last_index", 0):
        raise NotInCaffe("the last of several that are largest")
    y = step("ArgMax", step.x, argmax_param={"axis": axis})
    kept = tuple(1 if place == axis else n for place, n in enumerate(step.shape()))
    return step.reshape(y, kept, step.top_shape, "_shape")


def _axes(step: Step) -> list[int]:
    given = step.integers(1, "axes")
    if given is None:
        if step.attribute("noop_with_empty_axes", 0):
            return []
        given = list(range(len(step.shape())))
    return sorted(step.axis(one) for one in given)
