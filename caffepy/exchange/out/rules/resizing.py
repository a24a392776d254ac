"""Layers that give pictures another size."""

from __future__ import annotations

import numpy as np

from caffepy.exchange.out.step import SIZE, Array, Step
from caffepy.exchange.out.table import rule


@rule("Interp")
def interp(step: Step) -> str:
    """Bilinear, with corners on corners."""
    p, x = step.p, step.x
    if p.pad_beg or p.pad_end:
        end = p.pad_end or np.iinfo(np.int64).max
        x = step("Slice", x, [-p.pad_beg] * 2, [end] * 2, [2, 3])
    size: str | Array = np.array(step.top_shapes[0][2:], np.int64)
    if step.graph.dynamic:
        size = _wanted(step, x)
    elif step.layer.source == step.top_shapes[0][2:]:
        return x
    shape = step("Concat", step.part(step("Shape", x), 0, 0, 2), size, axis=0)
    return step("Resize", x, None, None, shape, mode="linear",
                coordinate_transformation_mode="align_corners")


def _wanted(step: Step, x: str) -> str | Array:
    """Height and width of an Interp's top, whatever its bottom's are."""
    p = step.p
    if len(step.bottoms) > 1:
        return step.part(step("Shape", step.bottoms[1]), 0, 2, 4)
    shrink, zoom = p.HasField("shrink_factor"), p.HasField("zoom_factor")
    if shrink == zoom and p.HasField("height") and p.HasField("width"):
        return np.array([p.height, p.width], np.int64)
    size = step.part(step("Shape", x), 0, 2, 4)
    if shrink:
        size = step("Add", step("Div", step("Sub", size, [1]), [p.shrink_factor]), [1])
    if zoom:
        size = step("Add", step("Mul", step("Sub", size, [1]), [p.zoom_factor]), [1])
    return size


@rule("Upsample", dialect="yolo")
def upsample(step: Step) -> str:
    """Each pixel becomes a block."""
    scale = float(step.layer.scale)
    return step("Resize", step.x, None, np.array([1, 1, scale, scale], np.float32),
                mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")


@rule("Resample", "Downsample")
def weighed(step: Step) -> str:
    """Means of pixels, as the layer weighs them: a product with a matrix for each axis."""
    step.fix(SIZE)
    weights = []
    for each in (step.layer.rows, step.layer.columns):
        total = np.asarray(each).sum(axis=1, keepdims=True)
        weights.append(np.asarray(each) / np.where(total == 0, 1, total))
    if step.layer.type == "Downsample":
        step.told.append("pixels that are no number are not left out")
    return step("MatMul", step("MatMul", weights[0], step.x), weights[1].T)


@rule("Upsample", dialect="segnet")
def unpooled_by_mask(step: Step) -> str:
    return _put(step, step.layer.size)


@rule("Unpooling")
def unpooling(step: Step) -> str:
    layer = step.layer
    if layer.kind == "MAX" and len(step.bottoms) > 1:
        return _put(step, layer.size)
    step.fix(SIZE)
    channels, (height, width) = step.shapes[0][1], layer.size
    kernel = np.ones((channels, 1, *layer.kernel))
    if layer.kind == "MAX":  # into the first cell of each window
        kernel = np.zeros((channels, 1, *layer.stride))
        kernel[:, :, 0, 0] = 1
    x = step("Div", step.x, np.asarray(layer.area)) if layer.kind == "AVE" else step.x
    y = step("ConvTranspose", x, kernel, strides=list(layer.stride), group=channels,
             kernel_shape=list(kernel.shape[2:]))
    made = [(size - 1) * s + k for size, s, k in zip(
        step.shapes[0][2:], layer.stride, kernel.shape[2:], strict=True)]
    more = [max(0, wanted - size) for wanted, size in zip(layer.size, made, strict=True)]
    if any(more):
        y = step("Pad", y, np.array([0, 0, 0, 0, 0, 0, *more], np.int64))
    return step("Slice", y, [0, 0], [height, width], [2, 3])


def _put(step: Step, size: tuple[int, int]) -> str:
    """Zeros, and the bottom's numbers where the mask says."""
    step.fix(SIZE)
    channels = step.shapes[0][1]
    flat = [step.reshape(each, (0, 0, -1)) for each in step.bottoms]
    shape = step("Concat", step.part(step("Shape", step.x), 0, 0, 2), [size[0] * size[1]], axis=0)
    zeros = step("Expand", np.zeros(1), shape)
    y = step("ScatterElements", zeros, step.integers(flat[1]), flat[0], axis=2)
    return step.reshape(y, (-1, channels, *size))
