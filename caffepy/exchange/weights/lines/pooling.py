"""Pooling. PyTorch counts windows as Caffe does with ceil_mode, and divides by the same areas."""

from __future__ import annotations

from caffepy.exchange.weights.line import Line, call, size
from caffepy.exchange.weights.lines.convolution import padded
from caffepy.exchange.weights.table import NoLine, line


@line("Pooling", "Pooling3D")
def pooling(line: Line) -> str:
    layer, windows = line.layer, line.layer.pool_windows
    if layer.kind == "stochastic":
        raise NoLine("stochastic pooling")
    if len(line.node.tops) > 1:
        raise NoLine("the mask as a second top")
    axes = windows.axes
    if windows.whole:
        kind = "max" if layer.kind == "max" else "avg"
        return f"F.adaptive_{kind}_pool{axes}d({line.x}, 1)"
    x, pad = line.x, windows.pad
    plain = windows.pad_end == pad and all(
        2 * p <= k for p, k in zip(pad, windows.kernel, strict=True))
    largest = layer.kind == "max"
    if not plain:
        if layer.inside:
            raise NoLine("a mean without padding that differs at the ends")
        x = padded(x, pad, windows.pad_end, 'float("-inf")' if largest else "")
    words = [
        x, size(windows.kernel), size(windows.stride),
        f"padding={size(pad)}" if plain and any(pad) else "",
        "" if windows.down else "ceil_mode=True",
        "count_include_pad=False" if layer.inside and any(pad) else ""]
    return call(f"F.{'max' if largest else 'avg'}_pool{axes}d", *words)
