"""What is done to each number by itself."""

from __future__ import annotations

import math

from caffepy.exchange.weights.line import Line, number
from caffepy.exchange.weights.table import NoLine, line

PLAIN = {
    "Sigmoid": "torch.sigmoid({})", "TanH": "torch.tanh({})", "AbsVal": "torch.abs({})",
    "BNLL": "F.softplus({})", "ReLU6": "F.relu6({})", "HardSwish": "F.hardswish({})",
    "Mish": "F.mish({})",
}


@line(*PLAIN)
def plain(line: Line) -> str:
    return PLAIN[line.layer.type].format(line.x)


@line("ReLU")
def relu(line: Line) -> str:
    slope = line.p.negative_slope
    return f"F.leaky_relu({line.x}, {number(slope)})" if slope else f"F.relu({line.x})"


@line("PReLU")
def prelu(line: Line) -> str:
    slopes = line.numbers(0).reshape(-1)
    module = line.module(f"nn.PReLU({slopes.size})", {"weight": slopes})
    return f"{module}({line.x})"


@line("ELU")
def elu(line: Line) -> str:
    alpha = line.p.alpha
    return f"F.elu({line.x})" if alpha == 1 else f"F.elu({line.x}, {number(alpha)})"


@line("Swish")
def swish(line: Line) -> str:
    beta = line.p.beta
    if beta == 1:
        return f"F.silu({line.x})"
    return f"{line.x} * torch.sigmoid({number(beta)} * {line.x})"


@line("Clip")
def clip(line: Line) -> str:
    return f"torch.clamp({line.x}, {number(line.p.min)}, {number(line.p.max)})"


@line("HardSigmoid")
def hard_sigmoid(line: Line) -> str:
    return f"torch.clamp({number(line.p.alpha)} * {line.x} + {number(line.p.beta)}, 0, 1)"


@line("Threshold")
def threshold(line: Line) -> str:
    return f"({line.x} > {number(line.p.threshold)}).float()"


@line("Power")
def power(line: Line) -> str:
    """(shift + scale x)^power"""
    p = line.p
    x = _affine(line.x, p.scale, p.shift)
    if p.power == 1:
        return x
    return f"({x}) ** {number(p.power)}" if x != line.x else f"{x} ** {number(p.power)}"


@line("Exp")
def exp(line: Line) -> str:
    """base^(shift + scale x)"""
    p = line.p
    inner = math.log(p.base) if p.base != -1 else 1.0
    return f"torch.exp({_affine(line.x, inner * p.scale, inner * p.shift)})"


@line("Log")
def log(line: Line) -> str:
    """log_base(shift + scale x)"""
    p = line.p
    found = f"torch.log({_affine(line.x, p.scale, p.shift)})"
    return found if p.base == -1 else f"{found} / {number(math.log(p.base))}"


def _affine(x: str, scale: float, shift: float) -> str:
    x = x if scale == 1 else f"{number(scale)} * {x}"
    return f"{x} + {number(shift)}" if shift else x


@line("Dropout", "SpatialDropout")
def dropout(line: Line) -> str:
    layer = line.layer
    if layer.training:
        raise NoLine("it drops in use, too")
    ratio = number(layer.ratio)
    if layer.type != "Dropout":
        return f"F.dropout2d({line.x}, {ratio}, self.training)"
    if not layer.scales:
        return f"{line.x} * {number(1 - layer.ratio)}"
    return f"F.dropout({line.x}, {ratio}, self.training)"
