"""What is done to each number by itself."""

from __future__ import annotations

import numpy as np

from caffepy.exchange.into.refused import NotInCaffe
from caffepy.exchange.into.step import Step
from caffepy.exchange.into.table import rule

LARGEST = float(np.finfo(np.float32).max)
FLOATS = (1, 10, 11, 16)  # float, float16, double, bfloat16 in TensorProto.DataType
WHOLE = ("ArgMax", "Cast", "Greater")
PLAIN = {"Relu": "ReLU", "Exp": "Exp", "Log": "Log", "Abs": "AbsVal", "Sigmoid": "Sigmoid",
         "Tanh": "TanH", "Softplus": "BNLL", "HardSwish": "HardSwish", "Mish": "Mish"}


@rule(*PLAIN)
def plain(step: Step) -> str:
    return step(PLAIN[step.operation], step.x)


@rule("Cast")
def cast(step: Step) -> str:
    """Numbers are float32 whatever they are cast to, so long as none is cut."""
    maker = step.model.makers.get(step.node.input[0])
    whole = maker is not None and maker.op_type in WHOLE
    cut = step.attribute("to") not in FLOATS and not whole
    if cut and set(step.model.readers(step.node.output[0])) != {"Gather"}:  # which cuts itself
        raise NotInCaffe("numbers cut to whole ones")
    return step.x


@rule("Identity", "Dropout")
def same(step: Step) -> str:
    """In use nothing."""
    if step.operation == "Dropout" and len(step.node.output) > 1 and step.node.output[1]:
        raise NotInCaffe("the mask as an output")
    return step.x


@rule("LeakyRelu")
def leaky_relu(step: Step) -> str:
    return step("ReLU", step.x, relu_param={"negative_slope": step.attribute("alpha", 0.01)})


@rule("PRelu")
def prelu(step: Step) -> str:
    slope, shape = step.weights(1), step.shape()
    if slope.size == 1:
        return step("PReLU", step.x, weights=[slope.reshape(1)],
                    prelu_param={"channel_shared": True})
    whole = (1,) * (len(shape) - slope.ndim) + slope.shape
    if whole != (1, shape[1], *(1 for _ in shape[2:])):
        raise NotInCaffe(f"slopes of shape {slope.shape}, not one for each channel")
    return step("PReLU", step.x, weights=[slope.reshape(-1)])


@rule("Clip")
def clip(step: Step) -> str:
    least, most = step.attribute("min", -LARGEST), step.attribute("max", LARGEST)
    if step.opset >= 11:
        least, most = (step.weights(index).item() if step.has(index) else default
                       for index, default in ((1, -LARGEST), (2, LARGEST)))
    return clipped(step, float(least), float(most))


def clipped(step: Step, least: float, most: float) -> str:
    """Not less and not more."""
    least, most = max(least, -LARGEST), min(most, LARGEST)
    if (least, most) == (0, LARGEST):
        return step("ReLU", step.x)
    return step("Clip", step.x, clip_param={"min": least, "max": most})


@rule("Elu")
def elu(step: Step) -> str:
    return step("ELU", step.x, elu_param={"alpha": step.attribute("alpha", 1.0)})


@rule("HardSigmoid")
def hard_sigmoid(step: Step) -> str:
    return step("HardSigmoid", step.x, hard_sigmoid_param={
        "alpha": step.attribute("alpha", 0.2), "beta": step.attribute("beta", 0.5)})


@rule("ThresholdedRelu")
def thresholded_relu(step: Step) -> str:
    over = step("Threshold", step.x, suffix="_over",
                threshold_param={"threshold": step.attribute("alpha", 1.0)})
    return step("Eltwise", step.x, over, eltwise_param={"operation": "PROD"})


@rule("Greater")
def greater(step: Step) -> str:
    bound = step.weights(1)
    if bound.size != 1:
        raise NotInCaffe(f"bounds of shape {bound.shape}")
    return step("Threshold", step.x, threshold_param={"threshold": float(bound.item())})


@rule("Neg", "Sqrt", "Reciprocal")
def power(step: Step) -> str:
    said = {"Neg": {"scale": -1}, "Sqrt": {"power": 0.5}, "Reciprocal": {"power": -1}}
    return step("Power", step.x, power_param=said[step.operation])


@rule("Pow")
def raised(step: Step) -> str:
    exponent = step.weights(1)
    if exponent.size != 1:
        raise NotInCaffe(f"exponents of shape {exponent.shape}")
    return step("Power", step.x, power_param={"power": float(exponent.item())})
