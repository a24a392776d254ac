"""Layers that bring numbers to a common size, and those that scale and shift them."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.exchange.out.step import BATCH, SIZE, Step
from caffepy.exchange.out.table import rule

HAPPYNEARS_EPS = 1e-6


@rule("BatchNorm", dialect="caffe")
def batch_norm(step: Step) -> str:
    layer = step.layer
    one, zero = np.ones(layer.channels), np.zeros(layer.channels)
    if layer.given and step.axes > 1:
        mean, variance = layer.statistics()
        return _normalized(step, one, zero, mean, variance, layer.p.eps)
    if layer.given:
        mean, variance = layer.statistics()
        return step("Mul", step("Sub", step.x, mean), 1 / np.sqrt(variance + layer.p.eps))
    axes = [axis for axis in range(step.axes) if axis != 1] or [0]
    return _by_own(step, axes, layer.p.eps)[0]


@rule("BatchNorm", dialect="nvidia")
@rule("BN")
def bn(step: Step) -> list[str]:
    """Normalization, slope and bias in one; further tops are the batch's mean and variance."""
    layer = step.layer
    slope, bias = (step.numbers(i).reshape(-1) for i in range(*layer.at.indices(9)))
    if layer.given:
        mean, variance = (np.asarray(each).reshape(-1) for each in layer.statistics())
        return [_normalized(step, slope, bias, mean, variance, layer.eps)]
    axes = [axis for axis in range(step.axes) if axis != 1]
    y, *statistics = _by_own(step, axes, layer.eps)
    spread = (1, -1, *(1 for _ in step.shapes[0][2:]))
    y = step("Add", step("Mul", y, slope.reshape(spread)), bias.reshape(spread))
    told = [step.reshape(each, (1, -1, 1, 1)) for each in statistics[: step.tops - 1]]
    return [y, *told]


def _normalized(step: Step, slope: Any, bias: Any, mean: Any, variance: Any, eps: float) -> str:
    name = f"{step.layer.name}/"
    parts = [step.graph.constant(np.asarray(values, np.float32), name + word, (step.layer, word))
             for word, values in (("scale", slope), ("shift", bias), ("mean", mean),
                                  ("variance", variance))]
    return step("BatchNormalization", step.x, *parts, epsilon=eps)


def _by_own(step: Step, axes: list[int], eps: float) -> tuple[str, str, str]:
    """The bottom normalized by its own mean and variance along axes; and these."""
    mean = step.reduce("ReduceMean", step.x, axes)
    centred = step("Sub", step.x, mean)
    variance = step.reduce("ReduceMean", step("Mul", centred, centred), axes)
    return step("Div", centred, step("Sqrt", step("Add", variance, eps))), mean, variance


@rule("Scale")
def scale(step: Step) -> str:
    layer = step.layer
    bias = layer.blobs[-1] if layer.bias is not None else None
    y = step("Mul", step.x, _operand(step, layer.operand.shape))
    if bias is None:
        return y
    return step("Add", y, step.weight(len(layer.blobs) - 1, _spread(step, bias.shape)))


@rule("Bias")
def bias(step: Step) -> str:
    return step("Add", step.x, _operand(step, step.layer.operand.shape))


def _operand(step: Step, shape: tuple[int, ...]) -> str:
    """The learned operand, or the second bottom, with axes of 1 where it has none."""
    spread = _spread(step, shape)
    if len(step.bottoms) == 1:
        return step.weight(0, spread)
    behind = range(len(shape), len(spread))
    return step.unsqueeze(step.bottoms[1], list(behind))


def _spread(step: Step, shape: tuple[int, ...]) -> tuple[int, ...]:
    """An operand's shape with axes of 1 behind it, so that its own lie where they belong."""
    start = step.layer.align(step.node.bottoms, shape)
    return (*shape, *[1] * (step.axes - start - len(shape))) if shape else ()


@rule("MVN")
def mvn(step: Step) -> str:
    layer, x = step.layer, step.x
    if step.axes < len(step.top_shapes[0]):
        x = step.unsqueeze(x, range(step.axes, len(step.top_shapes[0])))
    centred = step("Sub", x, step.reduce("ReduceMean", x, layer.axes))
    if not layer.p.normalize_variance:
        return centred
    square = step.reduce("ReduceMean", step("Mul", centred, centred), layer.axes)
    if layer.p.add_eps_before_sqrt:
        return step("Div", centred, step("Sqrt", step("Add", square, layer.p.eps)))
    return step("Div", centred, step("Add", step("Sqrt", square), layer.p.eps))


@rule("LRN")
def lrn(step: Step) -> str:
    p = step.p
    if step.layer.region == "across":
        return step("LRN", step.x, size=p.local_size, alpha=p.alpha, beta=p.beta, bias=p.k)
    pad = (p.local_size - 1) // 2
    mean = step("AveragePool", step("Mul", step.x, step.x), kernel_shape=[p.local_size] * 2,
                strides=[1, 1], pads=[pad] * 4, count_include_pad=1)
    scaled = step("Add", step("Mul", mean, p.alpha), 1.0)
    return step("Mul", step.x, step("Pow", scaled, np.float32(-p.beta)))


@rule("Normalize", dialect="ssd")
def normalize(step: Step) -> str:
    layer, eps = step.layer, step.p.eps
    squares = step.reduce("ReduceSum", step("Mul", step.x, step.x), layer.axes)
    if layer.eps_behind:
        length = step("Add", step("Sqrt", squares), eps)
    else:
        length = step("Sqrt", step("Add", squares, eps))
    shape = () if layer.shared else (-1, *(1 for _ in step.shapes[0][2:]))
    return step("Mul", step("Div", step.x, length), step.weight(0, shape))


@rule("Normalize", dialect="happynear")
def normalize_happynear(step: Step) -> list[str]:
    x = step.unsqueeze(step.x, range(step.axes, 4))
    if step.p.normalize_type == "L1":
        length = step("Add", step.reduce("ReduceL1", x, [1]), HAPPYNEARS_EPS)
    else:
        squares = step.reduce("ReduceSum", step("Mul", x, x), [1])
        length = step("Sqrt", step("Add", squares, HAPPYNEARS_EPS))
    return [step("Div", x, length), length][: step.tops]


@rule("ChannelNorm")
def channel_norm(step: Step) -> str:
    return step.reduce("ReduceL2", step.x, [1])


@rule("Softmax")
def softmax(step: Step) -> str:
    return step("Softmax", step.x, axis=step.p.axis)


@rule("ExpMax")
def exp_max(step: Step) -> str:
    return step("Exp", step("Sub", step.x, step.reduce("ReduceMax", step.x, [1])))


@rule("Mean")
def mean(step: Step) -> list[str]:
    layer = step.layer
    found = []
    for x, shape in zip(step.bottoms, step.shapes, strict=True):
        picture = np.tile(layer.mean, (shape[1] // len(layer.mean), 1, 1))
        found.append(step("Add", step("Mul", x, layer.factor), picture))
    return found


@rule("ChannelScale")
def channel_scale(step: Step) -> list[str]:
    p, layer = step.p, step.layer
    if not p.do_forward:
        return [step.x, step.value(np.zeros(1))][: step.tops]
    if p.global_scale:
        s = np.clip(step.numbers(0), p.min_global_scale, p.max_global_scale)
        return [step("Mul", step.x, s), step.value(s.reshape(1))][: step.tops]
    factor = step.bottoms[1]
    if step.shapes[1] != layer.spread:
        step.fix(BATCH, SIZE)
        factor = step.reshape(factor, layer.spread)
    return [step("Mul", step.x, factor)]
