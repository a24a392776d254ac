"""Several blobs in one, parts of one, other shapes, orders and sizes."""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.exchange.weights.line import Line, number
from caffepy.exchange.weights.table import NoLine, line

SUMS = {"SUM": "sum", "MEAN": "mean"}


@line("Eltwise", dialect="caffe")
def eltwise(line: Line) -> str:
    p, names = line.p, line.bottoms
    operation = p.EltwiseOp.Name(p.operation)
    if p.coeff_blob:
        raise NoLine("factors in a bottom")
    if operation == "PROD":
        return " * ".join(names)
    if operation == "MAX":
        found = names[0]
        for name in names[1:]:
            found = f"torch.maximum({found}, {name})"
        return found
    if operation != "SUM":
        raise NoLine(f"operation {operation}")
    coeff = list(p.coeff) or [1.0] * len(names)
    terms = [name if c == 1 else f"-{name}" if c == -1 else f"{number(c)} * {name}"
             for c, name in zip(coeff, names, strict=True)]
    return " + ".join(terms).replace("+ -", "- ")


@line("Concat")
def concat(line: Line) -> str:
    axis = line.layer.cut_axis(line.node.bottoms[0])
    return f"torch.cat([{', '.join(line.bottoms)}], {axis})"


@line("Slice")
def sliced(line: Line) -> str:
    axis = line.layer.cut_axis(line.node.bottoms[0])
    sizes = [shape[axis] for shape in line.top_shapes]
    return f"{line.x}.split({sizes}, {axis})"


@line("Softmax")
def softmax(line: Line) -> str:
    return f"F.softmax({line.x}, {line.p.axis % line.axes})"


@line("Flatten")
def flatten(line: Line) -> str:
    start, end = line.p.axis % line.axes, line.p.end_axis % line.axes
    last = "" if end == line.axes - 1 else f", {end}"
    return f"{line.x}.flatten({start}{last})"


@line("Reshape", dialect="caffe")
def reshape(line: Line) -> str:
    if line.p.pixelshuffler:
        raise NoLine("pixelshuffler")
    return _shaped(line.x, line.shapes[0], line.top_shapes[0])


def _shaped(x: str, before: Sequence[int], after: Sequence[int]) -> str:
    """In another shape, whatever the batch where that stays."""
    first = f"{x}.shape[0]" if before[:1] == after[:1] else str(after[0]) if after else ""
    return f"{x}.reshape({', '.join([first, *map(str, after[1:])])})"


@line("Permute")
def permute(line: Line) -> str:
    return f"{line.x}.permute({', '.join(map(str, line.layer.order))})"


@line("Tile")
def tile(line: Line) -> str:
    axis = line.p.axis % line.axes
    times = [line.p.tiles if place == axis else 1 for place in range(line.axes)]
    return f"{line.x}.repeat({', '.join(map(str, times))})"


@line("Reduction")
def reduction(line: Line) -> str:
    axis, operation = line.p.axis % line.axes, line.layer.operation
    dims = ", ".join(map(str, range(axis, line.axes)))
    inner = {"ASUM": f"{line.x}.abs()", "SUMSQ": f"{line.x}.square()"}.get(operation, line.x)
    if operation not in ("SUM", "MEAN", "ASUM", "SUMSQ"):
        raise NoLine(f"operation {operation}")
    found = f"{inner}.{SUMS.get(operation, 'sum')}(({dims},))"
    return found if line.p.coeff == 1 else f"{number(line.p.coeff)} * {found}"


@line("ArgMax")
def arg_max(line: Line) -> str:
    p = line.p
    if p.top_k != 1 or p.out_max_val or p.min_first:
        raise NoLine("more than the index of the largest")
    if line.layer.axis is not None:
        return f"{line.x}.argmax({line.layer.axis}, keepdim=True).float()"
    ones = ", ".join("1" for _ in line.top_shapes[0][1:])
    return f"{line.x}.flatten(1).argmax(1).float().reshape(-1, {ones})"


@line("Crop")
def crop(line: Line) -> str:
    """From each offset as much as the second bottom has."""
    parts, other = [], line.bottoms[1]
    for axis, part in enumerate(line.layer.part):
        whole = part == slice(None)
        parts.append(":" if whole else f"{part.start}:{part.start} + {other}.shape[{axis}]"
                     if part.start else f":{other}.shape[{axis}]")
    return f"{line.x}[{', '.join(parts)}]"


@line("Interp")
def interp(line: Line) -> str:
    if line.p.pad_beg or line.p.pad_end:
        raise NoLine("pictures that are cropped first")
    size = f"{line.bottoms[1]}.shape[2:]" if len(line.bottoms) > 1 else str(
        tuple(line.top_shapes[0][2:]))
    return f'F.interpolate({line.x}, {size}, mode="bilinear", align_corners=True)'


@line("Upsample", dialect="yolo")
def upsample(line: Line) -> str:
    return f"F.interpolate({line.x}, scale_factor={line.p.scale})"


@line("ShuffleChannel")
def shuffle_channel(line: Line) -> str:
    return f"F.channel_shuffle({line.x}, {line.p.group})"


@line("Axpy")
def axpy(line: Line) -> str:
    a, x, y = line.bottoms
    spread = a if len(line.shapes[0]) == len(line.shapes[1]) else f"{a}[:, :, None, None]"
    return f"torch.addcmul({y}, {spread}, {x})"


@line("Parameter")
def parameter(line: Line) -> str:
    return line.parameter(line.numbers(0))


@line("Silence")
def silence(line: Line) -> str:
    return ""
