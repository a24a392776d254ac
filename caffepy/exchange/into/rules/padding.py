"""Pad: left to the convolution or pooling behind it, if that can."""

from __future__ import annotations

from caffepy.exchange.into.refused import NotInCaffe
from caffepy.exchange.into.step import Padded, Step
from caffepy.exchange.into.table import rule


@rule("Pad")
def pad(step: Step) -> str | Padded:
    mode = step.attribute("mode", "constant")
    given = step.integers(1, "pads") or []
    axes = len(step.shape())
    named = [step.axis(one) for one in (step.integers(3, "axes") or range(axes))]
    begin, end = [0] * axes, [0] * axes
    for place, axis in enumerate(named):
        begin[axis], end[axis] = given[place], given[place + len(named)]
    if mode != "constant" and any(value > 0 for value in begin + end):
        raise NotInCaffe(f"padding by mode '{mode}'")
    value = step.attribute("value", 0.0)
    if step.opset >= 11:
        value = float(step.weights(2).item()) if step.has(2) else 0.0
    x, shape = step.x, list(step.shape())
    for axis in range(axes):
        if begin[axis] < 0 or end[axis] < 0:
            cut = max(0, -begin[axis]), shape[axis] - max(0, -end[axis])
            x = step.part(x, axis, shape[axis], *cut)
            begin[axis], end[axis] = max(0, begin[axis]), max(0, end[axis])
    if not any(begin + end):
        return x
    if any(begin[:2] + end[:2]):
        raise NotInCaffe("padding of the batch or of channels")
    return Padded(x, tuple(begin[2:]), tuple(end[2:]), value)
