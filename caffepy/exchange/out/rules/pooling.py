"""Pooling, with Caffe's windows: how many there are, what the mean is divided by, who won.

Caffe rounds the number of windows up, and drops a last one that would begin in the padding behind.
ONNX's ceil_mode came to mean the same, but not in all programs; padding behind that makes all
windows fit says it without.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.exchange.out.step import SIZE, Step
from caffepy.exchange.out.table import rule


@rule("Pooling", "Pooling3D")
def pooling(step: Step) -> list[str]:
    return pooled(step, step.layer, step.tops > 1)


@rule("NdPooling")
def nd_pooling(step: Step) -> str:
    y, = pooled(step, step.layer)
    gone = [axis for axis, size in enumerate(step.layer.whole.shape) if axis > 1 and size == 1]
    return step("Squeeze", y, np.array(gone, np.int64)) if gone else y


@rule("SPP")
def spp(step: Step) -> str:
    """Each level is a Pooling, and all lie in one vector."""
    step.fix(SIZE)
    levels = [pooled(step, pooling)[0] for pooling in step.layer.levels]
    if len(levels) == 1:
        return levels[0]
    return step("Concat", *(step("Flatten", level, axis=1) for level in levels), axis=1)


def pooled(step: Step, layer: Any, mask: bool = False) -> list[str]:
    """What a built Pooling layer gives for the step's bottom: y, and the mask."""
    shape = step.shapes[0]
    windows = layer.pool_windows.on(shape)
    if layer.pool_windows.whole and not mask and layer.kind != "stochastic":
        return [step("GlobalMaxPool" if layer.kind == "max" else "GlobalAveragePool", step.x)]
    how = _how(step, layer, windows)
    if layer.kind == "max":
        return _largest(step, how, mask)
    if layer.kind == "stochastic":
        return [_stochastic(step, how)]
    return [_mean(step, layer, windows, how)]


def _how(step: Step, layer: Any, windows: Any) -> dict[str, Any]:
    """The attributes of the windows."""
    own = layer.pool_windows
    how = {"kernel_shape": list(windows.kernel), "strides": list(windows.stride)}
    if own.whole:
        step.fix(SIZE)
    if own.down:
        return {**how, "pads": [*windows.pad, *own.pad_end]}
    if step.graph.dynamic and (layer.kind == "max" or not any(own.pad + own.pad_end)):
        return {**how, "pads": [*windows.pad, *own.pad_end], "ceil_mode": 1}
    step.fix(SIZE)
    end = [max(0, (n - 1) * s + k - size - pad) for n, s, k, size, pad in zip(
        windows.out, windows.stride, windows.kernel, step.shapes[0][2:], windows.pad,
        strict=True)]
    return {**how, "pads": [*windows.pad, *end]}


def _largest(step: Step, how: dict[str, Any], mask: bool) -> list[str]:
    if not mask:
        return [step("MaxPool", step.x, **how)]
    step.fix(SIZE)
    y, places = step.several("MaxPool", 2, step.x, **how)
    cells = int(np.prod(step.shapes[0][2:]))  # ONNX counts through items and channels
    return [y, step.floats(step("Mod", places, cells))]


def _stochastic(step: Step, how: dict[str, Any]) -> str:
    """sum of x^2 / sum of x, 0 where there is nothing; both as means of a whole window."""
    mean = step("AveragePool", step.x, count_include_pad=1, **how)
    squares = step("AveragePool", step("Mul", step.x, step.x), count_include_pad=1, **how)
    some = step("Greater", mean, 0.0)
    return step("Where", some, step("Div", squares, step("Where", some, mean, 1.0)), 0.0)


def _mean(step: Step, layer: Any, windows: Any, how: dict[str, Any]) -> str:
    """Caffe divides by the window's area cut at H + pad: the padding counts, and what lies beyond
    does not. ``inside``: by the cells of x alone, as where nothing is padded."""
    if layer.inside or not any(windows.pad + layer.pool_windows.pad_end):
        return step("AveragePool", step.x, count_include_pad=0, **how)
    y = step("AveragePool", step.x, count_include_pad=1, **how)
    area = int(np.prod(windows.kernel))
    areas = _areas(windows, step.shapes[0][2:], layer.pool_windows.pad_end)
    if (areas == area).all():
        return y
    step.fix(SIZE)
    return step("Mul", y, area / areas)


def _areas(windows: Any, sizes: Sequence[int], pad_end: Sequence[int]) -> Any:
    """By what each window's sum is divided."""
    area = np.ones(())
    for size, k, s, pad, end, n in zip(sizes, windows.kernel, windows.stride, windows.pad, pad_end,
                                       windows.out, strict=True):
        start = np.arange(n) * s
        area = np.multiply.outer(area, np.minimum(start + k, size + pad + end) - start)
    return area
