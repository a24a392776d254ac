"""The neuron layers: one formula, number by number."""

from __future__ import annotations

import numpy as np

from caffepy.exchange.out.step import Step
from caffepy.exchange.out.table import NotInONNX, rule

HARD_SWISH_SINCE = 14


@rule("ReLU")
def relu(step: Step) -> str:
    slope = step.p.negative_slope
    return step("LeakyRelu", step.x, alpha=slope) if slope else step("Relu", step.x)


@rule("ReLU6")
def relu6(step: Step) -> str:
    return step("Clip", relu(step), None, 6.0)


@rule("PReLU")
def prelu(step: Step) -> str:
    slopes = step.layer.blobs[0].count
    return step("PRelu", step.x, step.weight(0, (slopes, *(1 for _ in step.shapes[0][2:]))))


@rule("ELU")
def elu(step: Step) -> str:
    return step("Elu", step.x, alpha=step.p.alpha)


@rule("Sigmoid")
def sigmoid(step: Step) -> str:
    return step("Sigmoid", step.x)


@rule("TanH")
def tanh(step: Step) -> str:
    return step("Tanh", step.x)


@rule("AbsVal")
def abs_val(step: Step) -> str:
    return step("Abs", step.x)


@rule("BNLL")
def bnll(step: Step) -> str:
    return step("Softplus", step.x)


@rule("Clip")
def clip(step: Step) -> str:
    return step("Clip", step.x, step.p.min, step.p.max)


@rule("Threshold")
def threshold(step: Step) -> str:
    return step.floats(step("Greater", step.x, step.p.threshold))


@rule("Swish")
def swish(step: Step) -> str:
    inner = step.x if step.p.beta == 1 else step("Mul", step.x, step.p.beta)
    return step("Mul", step.x, step("Sigmoid", inner))


@rule("Mish")
def mish(step: Step) -> str:
    return step("Mul", step.x, step("Tanh", step("Softplus", step.x)))


@rule("HardSigmoid")
def hard_sigmoid(step: Step) -> str:
    return step("HardSigmoid", step.x, alpha=step.p.alpha, beta=step.p.beta)


@rule("HardSwish")
def hard_swish(step: Step) -> str:
    if step.graph.opset >= HARD_SWISH_SINCE:
        return step("HardSwish", step.x)
    return step("Mul", step.x, step("HardSigmoid", step.x, alpha=1 / 6, beta=0.5))


@rule("NegSquare")
def neg_square(step: Step) -> str:
    return step("Neg", step("Mul", step.x, step.x))


@rule("Exp")
def exp(step: Step) -> str:
    layer = step.layer
    return _times(step, step("Exp", _times(step, step.x, layer.inner)), layer.outer)


@rule("Log")
def log(step: Step) -> str:
    return _times(step, step("Log", _line(step)), step.layer.factor)


@rule("Power")
def power(step: Step) -> str:
    inner, by = _line(step), step.p.power
    if by == 1:
        return inner
    if by == 0.5:
        return step("Sqrt", inner)
    return step("Pow", inner, np.float32(by))


@rule("Dropout", "SpatialDropout")
def dropout(step: Step) -> str:
    if step.layer.training:
        raise NotInONNX("sample_weights_test draws at random in use, too")
    return step.x if step.layer.scales else step("Mul", step.x, 1 - step.layer.ratio)


def _line(step: Step) -> str:
    """shift + scale x."""
    scaled = _times(step, step.x, step.p.scale)
    return step("Add", scaled, step.p.shift) if step.p.shift else scaled


def _times(step: Step, value: str, factor: float) -> str:
    return value if factor == 1 else step("Mul", value, factor)
