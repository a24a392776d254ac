"""Layers that only move numbers: shapes, parts, orders of axes, copies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from caffepy.exchange.out.step import BATCH, SIZE, Step
from caffepy.exchange.out.table import rule


@rule("Split", "Gather", "Scatter")
def same(step: Step) -> list[str]:
    return [step.bottoms[min(i, len(step.bottoms) - 1)] for i in range(step.tops)]


@rule("Silence", "HDF5Output", "FLOWriter", "ImgWriter")
def silence(step: Step) -> list[str]:
    """Nothing comes of them; those that write files do not in ONNX."""
    return []


@rule("Flatten")
def flatten(step: Step) -> str:
    shape, axes = step.shapes[0], step.axes
    start, end = step.p.axis % axes, step.p.end_axis % axes
    if start == 1 and end == axes - 1:
        return step("Flatten", step.x, axis=1)
    if end < axes - 1:
        step.fix(SIZE)
    return step.reshape(step.x, [*[0] * start, -1, *shape[end + 1 :]])


@rule("Reshape", dialect="caffe")
def reshape(step: Step) -> str:
    shape, axis = step.shapes[0], step.p.axis
    start = axis if axis >= 0 else step.axes + axis + 1
    end = step.axes if step.p.num_axes == -1 else start + step.p.num_axes
    dims = [*[0] * start, *step.layer.dims]
    behind = shape[end:]
    if behind and len(dims) != end:
        step.fix(BATCH, SIZE)
        return step.reshape(step.x, step.top_shapes[0])
    return step.reshape(step.x, [*dims, *[0] * len(behind)])


@rule("Reshape", dialect="intel")
def pixel_shuffle(step: Step) -> str:
    return step("DepthToSpace", step.x, blocksize=step.p.pixelshuffler, mode="CRD")


@rule("Concat")
def concat(step: Step) -> str:
    axis = step.layer.cut_axis(step.node.bottoms[0])
    return step("Concat", *step.bottoms, axis=axis) if len(step.bottoms) > 1 else step.x


@rule("Slice")
def slice(step: Step) -> Sequence[str]:
    axis = step.layer.cut_axis(step.node.bottoms[0])
    points = list(step.p.slice_point)
    if step.tops == 1:
        return step.x
    size = step.shapes[0][axis]
    if not points:
        points = [size // step.tops * i for i in range(1, step.tops)]
    return step.split(step.x, [b - a for a, b in pairwise([0, *points, size])], axis)


@rule("Permute", "Transpose")
def permute(step: Step) -> str:
    return step("Transpose", step.x, perm=list(step.layer.order))


@rule("Tile")
def tile(step: Step) -> str:
    repeats = [1] * step.axes
    repeats[step.p.axis] = step.p.tiles
    return step("Tile", step.x, np.array(repeats, np.int64))


@rule("Crop")
def crop(step: Step) -> str:
    cut = [(axis, part) for axis, part in enumerate(step.layer.part) if part.start is not None]
    axes, starts = [axis for axis, _ in cut], np.array([part.start for _, part in cut], np.int64)
    if not step.graph.dynamic:
        if axes[0] == 0:
            step.fix(BATCH)
        return step("Slice", step.x, starts, [part.stop for _, part in cut], axes)
    sizes = step("Gather", step("Shape", step.bottoms[1]), axes)
    return step("Slice", step.x, starts, step("Add", sizes, starts), axes)


@rule("Reverse")
def reverse(step: Step) -> str:
    return turned(step, [step.layer.axis])


@rule("Flip")
def flip(step: Step) -> str:
    return turned(step, step.layer.axes)


def turned(step: Step, axes: Sequence[int], value: str | None = None) -> str:
    """The bottom, or another value, with axes read from their ends."""
    value = step.x if value is None else value
    if not axes:
        return value
    ends = [np.iinfo(np.int64).min] * len(axes)
    return step("Slice", value, [-1] * len(axes), ends, list(axes), [-1] * len(axes))


@rule("ShuffleChannel")
def shuffle_channel(step: Step) -> str:
    shape, group = step.shapes[0], step.p.group
    rows = step.reshape(step.x, (0, group, shape[1] // group, -1))
    return step.like(step("Transpose", rows, perm=[0, 2, 1, 3]), step.x, shape)


@rule("Reorg")
def reorg(step: Step) -> str:
    s, (_, c, h, w) = step.p.stride, step.shapes[0]
    if step.p.reverse:
        return step("DepthToSpace", step.x, blocksize=s, mode="DCR")
    step.fix(SIZE)  # darknet reads the memory as if it were a larger picture
    pixels = step.reshape(step.x, (-1, c // (s * s), h * s, w * s))
    return step.reshape(step("SpaceToDepth", pixels, blocksize=s), (-1, c * s * s, h // s, w // s))


@rule("BatchReindex")
def batch_reindex(step: Step) -> str:
    return step("Gather", step.x, step.integers(step.bottoms[1]), axis=0)


@rule("Filter")
def filter(step: Step) -> list[str]:
    step.rows = 0
    which = step("Not", step("Equal", step.reshape(step.bottoms[-1], [-1]), 0.0))
    return [step.chosen(x, which) for x in step.bottoms[:-1]]


@rule("Parameter")
def parameter(step: Step) -> str:
    return step.weight(0)


@rule("PriorBox", "ContinuationIndicator", "Grid")
def constant(step: Step) -> str:
    """What depends on shapes alone: the numbers that the layer itself gives."""
    step.fix(*([] if step.layer.type == "PriorBox" else [BATCH]), SIZE)
    top = step.node.tops[0]
    step.layer.forward(step.node.bottoms, step.node.tops)
    return step.graph.constant(np.array(top.data), f"{step.layer.name}/values")
