"""Numbers in another order or shape, parts of them, and several in one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.exchange.into.refused import NotInCaffe
from caffepy.exchange.into.rules.arithmetic import tiled
from caffepy.exchange.into.step import Shape, Step
from caffepy.exchange.into.table import rule

TO_THE_END = 2**31 - 1


@rule("Flatten", "Reshape", "Squeeze", "Unsqueeze")
def shaped(step: Step) -> str:
    return step.reshape(step.x, step.shape(), step.top_shape)


@rule("Transpose")
def transpose(step: Step) -> str:
    shape = step.shape()
    order = list(step.attribute("perm") or reversed(range(len(shape))))
    return permuted(step, step.x, shape, order)


def permuted(step: Step, x: str, shape: Shape, order: Sequence[int], suffix: str = "") -> str:
    """The axes in another order; a Reshape if only axes of 1 move."""
    long = [axis for axis in order if shape[axis] != 1]
    if long == sorted(long) and order[:1] == [0]:
        return step.reshape(x, shape, [shape[axis] for axis in order], suffix)
    return step("Permute", x, suffix=suffix, permute_param={"order": list(order)})


@rule("Concat")
def concat(step: Step) -> str:
    indices = [index for index in range(len(step.node.input))
               if 0 not in step.shape(index)]
    if len(indices) == 1:
        return step.blob(indices[0])
    axis = step.axis(step.attribute("axis", 1))
    return step("Concat", *(step.blob(index) for index in indices),
                concat_param={"axis": axis} if axis != 1 else {})


@rule("Split")
def split(step: Step) -> list[str]:
    axis = step.axis(step.attribute("axis", 0))
    sizes = [step.model.shapes[name][axis] for name in step.node.output]
    points = [int(point) for point in np.cumsum(sizes)[:-1]]
    if not points:
        return [step.x]
    return step.several("Slice", len(sizes), step.x, slice_param={
        **({"axis": axis} if axis != 1 else {}), "slice_point": points})


@rule("Slice")
def sliced(step: Step) -> str:
    starts, ends = step.integers(1, "starts") or [], step.integers(2, "ends") or []
    axes = step.integers(3, "axes") or list(range(len(starts)))
    strides = step.integers(4, "steps") or [1] * len(starts)
    if not {1, -1}.issuperset(strides):
        raise NotInCaffe(f"steps of {', '.join(map(str, strides))}")
    x, shape = step.x, step.shape()
    for axis, start, end, by in zip(map(step.axis, axes), starts, ends, strides, strict=True):
        size = shape[axis]
        start, end, _ = slice(start, end, by).indices(size)
        if by < 0:
            start, end = end + 1, start + 1
        x = step.part(x, axis, size, start, end)
        if by < 0:
            x = step("Reverse", x, suffix=f"_reverse{axis}", reverse_param={"axis": axis})
    return x


@rule("Gather")
def gather(step: Step) -> str:
    if step.constant(0) is not None:
        return _embedded(step)
    axis = step.axis(step.attribute("axis", 0))
    if step.constant(1) is None and axis == 0 and len(step.shape(1)) == 1:
        return step("BatchReindex", step.x, step.blob(1))
    indices = step.weights(1)
    if indices.ndim > 1:
        raise NotInCaffe(f"indices of shape {indices.shape}")
    shape = step.shape()
    chosen = [int(index) % shape[axis] for index in indices.reshape(-1)]
    y = _chosen(step, axis, shape[axis], chosen)
    kept = (*shape[:axis], len(chosen), *shape[axis + 1:])
    return step.reshape(y, kept, step.top_shape, "_shape")


def _chosen(step: Step, axis: int, size: int, chosen: list[int]) -> str:
    """These places of an axis: one part if they lie side by side, else parts in a row."""
    if chosen == list(range(chosen[0], chosen[0] + len(chosen))):
        return step.part(step.x, axis, size, chosen[0], chosen[-1] + 1)
    points = sorted({point for place in chosen for point in (place, place + 1)} - {0, size})
    tops = step.several("Slice", len(points) + 1, step.x, suffix="_places",
                        slice_param={"axis": axis, "slice_point": points})
    starts = [0, *points]
    return step("Concat", *(tops[starts.index(place)] for place in chosen),
                concat_param={"axis": axis})


def _embedded(step: Step) -> str:
    """Rows of weights."""
    weights = step.weights(0)
    if weights.ndim != 2 or step.axis(step.attribute("axis", 0)) != 0:
        raise NotInCaffe("parts of weights, which indices of the input choose")
    return step("Embed", step.blob(1), weights=[weights], embed_param={
        "input_dim": weights.shape[0], "num_output": weights.shape[1], "bias_term": False})


@rule("Expand", "Tile")
def repeated(step: Step) -> str:
    return tiled(step, step.x, step.shape(), step.top_shape)


@rule("DepthToSpace", "SpaceToDepth")
def blocks(step: Step) -> str:
    """Channels become pixels of blocks, or the reverse: axes apart, in another order, together."""
    n, c, h, w = step.shape()
    size = step.attribute("blocksize")
    whole = c // size**2
    if step.operation == "SpaceToDepth":
        apart, order = (n, c, h // size, size, w // size, size), (0, 3, 5, 1, 2, 4)
    elif step.attribute("mode", "DCR") == "CRD":
        apart, order = (n, whole, size, size, h, w), (0, 1, 4, 2, 5, 3)
    else:
        apart, order = (n, size, size, whole, h, w), (0, 3, 4, 1, 5, 2)
    x = step.reshape(step.x, step.shape(), apart, "_apart")
    x = step("Permute", x, suffix="_order", permute_param={"order": order})
    return step.reshape(x, [apart[axis] for axis in order], step.top_shape)
