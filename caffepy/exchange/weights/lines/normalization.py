"""Normalization, and scales and biases of channels."""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Place
from caffepy.exchange.weights.line import Array, Line, call, number, size
from caffepy.exchange.weights.table import NoLine, line

SCALE = '''
class Scale(nn.Module):
    """y = x * weight + bias, each of a shape that spreads over x."""

    def __init__(self, *shape, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape)) if bias else None

    def forward(self, x):
        return x * self.weight if self.bias is None else torch.addcmul(self.bias, x, self.weight)
'''


@line("BatchNorm", dialect="caffe")
def batch_norm(line: Line) -> str:
    layer = line.layer
    if not layer.given:
        return _own_statistics(line, layer.p.eps)
    mean, variance = layer.statistics()
    return _normalized(line, np.array(mean), np.array(variance), layer.p.eps)


@line("BatchNorm", dialect="nvidia")
@line("BN")
def bn(line: Line) -> str:
    """Normalization, slope and bias in one."""
    layer = line.layer
    slope, bias = (np.array(blob.values.read(Place.HOST)).reshape(-1)
                   for blob in layer.blobs[layer.at])
    if len(line.node.tops) > 1:
        raise NoLine("the batch's statistics as further tops")
    if layer.given:
        mean, variance = layer.statistics()
        return _normalized(line, np.array(mean), np.array(variance), layer.eps, weight=slope,
                           bias=bias)
    return _own_statistics(line, layer.eps, line.parameter(slope, "slope"),
                           line.parameter(bias, "bias"))


def _own_statistics(line: Line, eps: float, *learned: str) -> str:
    return call("F.batch_norm", line.x, "None", "None", *learned, "training=True",
                f"eps={number(eps)}")


def _normalized(line: Line, mean: Array, variance: Array, eps: float, **learned: Array) -> str:
    axes = {2: 1, 3: 1, 4: 2, 5: 3}.get(line.axes)
    if axes is None:
        raise NoLine(f"{line.axes} axes")
    module = line.module(
        call(f"nn.BatchNorm{axes}d", str(mean.size),
             f"eps={number(eps)}" if not np.isclose(eps, 1e-5, rtol=1e-6) else "",
             "" if learned else "affine=False"),
        {**learned, "running_mean": mean, "running_var": variance,
         "num_batches_tracked": np.array(0)})
    return f"{module}({line.x})"


@line("Scale")
def scale(line: Line) -> str:
    layer = line.layer
    bias = line.numbers(len(layer.blobs) - 1) if layer.bias is not None else None
    start, end = layer.kernel.spec.axis, layer.kernel.spec.end
    if len(line.bottoms) > 1:
        found = f"{line.x} * {_spread(line, line.bottoms[1], start, end)}"
        if bias is None:
            return found
        learned = line.parameter(bias.reshape(*bias.shape, *(1,) * (line.axes - end)), "bias")
        return f"{found} + {learned}"
    line.helpers["Scale"] = SCALE
    shape = (*line.numbers(0).shape, *(1,) * (line.axes - end))
    state = {"weight": line.numbers(0).reshape(shape)}
    if bias is not None:
        state["bias"] = bias.reshape(shape)
    words = [*map(str, shape), f"bias={bias is not None}"]
    return f"{line.module(call('Scale', *words), state)}({line.x})"


@line("Bias")
def bias(line: Line) -> str:
    start, end = line.layer.axes
    if len(line.bottoms) > 1:
        return f"{line.x} + {_spread(line, line.bottoms[1], start, end)}"
    numbers = line.numbers(0)
    learned = line.parameter(numbers.reshape(*numbers.shape, *(1,) * (line.axes - end)))
    return f"{line.x} + {learned}"


def _spread(line: Line, operand: str, start: int, end: int) -> str:
    """A second bottom whose axes are the first one's from ``start`` to ``end``."""
    behind = line.axes - end
    index = ", ".join([*(":" for _ in range(end - start)), *("None" for _ in range(behind))])
    return f"{operand}[{index}]" if behind else operand


@line("LRN")
def lrn(line: Line) -> str:
    p = line.p
    if line.layer.region == "across":
        return call("F.local_response_norm", line.x, str(p.local_size),
                    f"alpha={number(p.alpha)}", f"beta={number(p.beta)}", f"k={number(p.k)}")
    squares = f"F.avg_pool2d({line.x} ** 2, {p.local_size}, 1, padding={p.local_size // 2})"
    return f"{line.x} * (1 + {number(p.alpha)} * {squares}) ** -{number(p.beta)}"


@line("MVN")
def mvn(line: Line) -> str:
    p, x = line.p, line.x
    if line.top_shapes[0] != line.shapes[0]:
        raise NoLine("axes that are added")
    first = 1 if p.across_channels else 2
    dims = size(range(first, line.axes)) if line.axes > first + 1 else str(first)
    centred = f"{x} - {x}.mean({dims}, keepdim=True)"
    if not p.normalize_variance:
        return centred
    if p.add_eps_before_sqrt:
        return f"({centred}) / ({x}.var({dims}, False, keepdim=True) + {number(p.eps)}).sqrt()"
    return f"({centred}) / ({x}.std({dims}, False, keepdim=True) + {number(p.eps)})"


@line("Normalize", dialect="ssd")
def normalize(line: Line) -> str:
    layer, x, p = line.layer, line.x, line.p
    if layer.eps_behind:
        raise NoLine("eps behind the root")
    dims = size(range(1, line.axes)) if layer.across and line.axes > 2 else "1"
    norm = f"({x}.square().sum({dims}, keepdim=True) + {number(p.eps)}).sqrt()"
    numbers = line.numbers(0)
    shape = numbers.shape if layer.shared else (numbers.size, *(1,) * (line.axes - 2))
    return f"{x} / {norm} * {line.parameter(numbers.reshape(shape))}"
