"""Convolutions, inner products and embeddings."""

from __future__ import annotations

from caffepy.exchange.weights.line import Line, call, size
from caffepy.exchange.weights.table import NoLine, line


@line("Convolution", "ConvolutionDepthwise", "DepthwiseConvolution", "Convolution3D")
def convolution(line: Line) -> str:
    return _several(line, "Conv")


@line("Deconvolution")
def deconvolution(line: Line) -> str:
    return _several(line, "ConvTranspose")


def _several(line: Line, kind: str) -> str:
    """All bottoms through one module."""
    layer, spatial = line.layer, line.layer.spatial
    if spatial.axis != 1 or not 1 <= spatial.axes <= 3:
        raise NoLine(f"channels on axis {spatial.axis}, {spatial.axes} axes behind them")
    pad, end = spatial.pad, spatial.pad_end
    words = [
        f"{layer.channels}, {line.p.num_output}, {size(spatial.kernel)}",
        f"stride={size(spatial.stride)}" if set(spatial.stride) != {1} else "",
        f"padding={size(pad)}" if any(pad) and end is None else "",
        f"dilation={size(spatial.dilation)}" if set(spatial.dilation) != {1} else "",
        f"groups={layer.group}" if layer.group != 1 else "",
        "" if line.p.bias_term else "bias=False"]
    state = {"weight": line.numbers(0)}
    if line.p.bias_term:
        state["bias"] = line.numbers(1)
    module = line.module(call(f"nn.{kind}{spatial.axes}d", *words), state)
    bottoms = [padded(x, pad, end) if end is not None else x for x in line.bottoms]
    return ", ".join(f"{module}({x})" for x in bottoms)


def padded(x: str, begin: tuple[int, ...], end: tuple[int, ...], value: str = "") -> str:
    """With zeros around the last axes, or with ``value``."""
    pairs = [n for pair in zip(reversed(begin), reversed(end), strict=True) for n in pair]
    return call("F.pad", x, f"({', '.join(map(str, pairs))})", f"value={value}" if value else "")


@line("InnerProduct")
def inner_product(line: Line) -> str:
    layer, p = line.layer, line.p
    weights = line.numbers(0)
    state = {"weight": weights.T if p.transpose else weights}
    if p.bias_term:
        state["bias"] = line.numbers(1)
    module = line.module(call("nn.Linear", f"{layer.k}, {p.num_output}",
                              "" if p.bias_term else "bias=False"), state)
    flat = line.axes == layer.axis + 1
    return f"{module}({line.x})" if flat else f"{module}({line.x}.flatten({layer.axis}))"


@line("Embed")
def embed(line: Line) -> str:
    p = line.p
    module = line.module(f"nn.Embedding({p.input_dim}, {p.num_output})",
                         {"weight": line.numbers(0)})
    found = f"{module}({line.x}.long())"
    return f"{found} + {line.parameter(line.numbers(1), 'bias')}" if p.bias_term else found
