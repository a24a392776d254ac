"""Layers that look into regions of a map: rows of image and corners in pixels of the picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.exchange.out.step import SIZE, Step
from caffepy.exchange.out.table import rule


@rule("ROIPooling")
def roi_pooling(step: Step) -> str:
    """ONNX's MaxRoiPool is Fast R-CNN's."""
    layer, p = step.layer, step.p
    rois, scale = step.reshape(step.bottoms[1], (-1, 5)), p.spatial_scale
    if p.pad_ratio or p.spatial_shift:
        images, corners = step.split(rois, [1, 4], 1)
        if p.pad_ratio:
            corners = _widened(step, corners, p.pad_ratio)
        corners = step("Add", step("Mul", corners, scale), p.spatial_shift)
        rois, scale = step("Concat", images, corners, axis=1), 1.0
    return step("MaxRoiPool", step.x, rois, pooled_shape=list(layer.bins), spatial_scale=scale)


@rule("ROIAlign", dialect="synopsys")
def roi_align(step: Step) -> str:
    """ONNX's RoiAlign is Mask R-CNN's; its older form is that of output_half_pixel."""
    images, corners = _rois(step)
    mode = {"coordinate_transformation_mode": "output_half_pixel"}
    return step("RoiAlign", step.x, corners, step.integers(step.reshape(images, [-1])),
                mode="avg", output_height=step.p.pooled_h, output_width=step.p.pooled_w,
                sampling_ratio=max(step.layer.samples, 0), spatial_scale=step.p.spatial_scale,
                **(mode if step.graph.opset >= 16 else {}))


@rule("ROIAlign", dialect="cascade")
def roi_align_cascade(step: Step) -> str:
    """Bilinear samples as products: of the shares of rows, the map, and the shares of columns."""
    p = step.p
    step.fix(SIZE)
    images, corners = _rois(step)
    at = step("Sub", step("Mul", _widened(step, corners, p.pad_ratio), p.spatial_scale), 0.5)
    x1, y1, x2, y2 = step.split(at, [1] * 4, 1)
    wide, high = step("Sub", x2, x1), step("Sub", y2, y1)
    real = step("And", step("Greater", wide, 0.0), step("Greater", high, 0.0))
    h, w = step.shapes[0][2:]
    rows = _shares(step, y1, high, p.pooled_h, h, real)
    columns = _shares(step, x1, wide, p.pooled_w, w, real)
    # (N, C, R, H, Q) = (N, C, 1, H, W) @ (R, W, Q), then (N, C, R, P, Q) = (R, P, H) @ that
    across = step("MatMul", step.unsqueeze(step.x, [2]),
                  step("Transpose", columns, perm=[0, 2, 1]))
    samples = step("MatMul", rows, across)
    return _of_images(step, step("Transpose", samples, perm=[2, 0, 1, 3, 4]), images)


@rule("PSROIPooling")
def psroi_pooling(step: Step) -> str:
    """Means as products: of the rows of a bin, the map, and the columns of a bin."""
    p, (h, w) = step.p, step.shapes[0][2:]
    step.fix(SIZE)
    images, corners = _rois(step)
    at = step("Mul", step("Add", _rounded(step, corners), np.array([0, 0, 1, 1.0])),
              p.spatial_scale)
    x1, y1, x2, y2 = step.split(at, [1] * 4, 1)
    rows = _bins(step, y1, y2, p.group_size, h)
    columns = _bins(step, x1, x2, p.group_size, w)
    maps = step.reshape(step.x, (-1, p.output_dim, p.group_size, p.group_size, h, w))
    # (N, O, G, G, H, R) = (N, O, G, G, H, W) @ (G, W, R)
    across = step("MatMul", maps, step("Transpose", columns, perm=[1, 2, 0]))
    down = step.unsqueeze(step("Transpose", rows, perm=[1, 2, 0]), [1])  # (G, 1, H, R)
    sums = step.reduce("ReduceSum", step("Mul", across, down), [4], keep=False)
    area = step("Mul", step.unsqueeze(step.reduce("ReduceSum", rows, [2], keep=False), [2]),
                step.unsqueeze(step.reduce("ReduceSum", columns, [2], keep=False), [1]))
    found = _of_images(step, step("Transpose", sums, perm=[4, 0, 1, 2, 3]), images)
    return step("Div", found, step.unsqueeze(step("Max", area, 1.0), [1]))


def _rois(step: Step) -> list[str]:
    """Images, R x 1, and corners, R x 4."""
    return step.split(step.reshape(step.bottoms[1], (-1, 5)), [1, 4], 1)


def _widened(step: Step, corners: str, ratio: float) -> str:
    """Corners moved outwards by a share of the region's size."""
    if not ratio:
        return corners
    low, high = step.split(corners, [2, 2], 1)
    by = step("Mul", step("Add", step("Sub", high, low), 1.0), ratio)
    return step("Concat", step("Sub", low, by), step("Add", high, by), axis=1)


def _rounded(step: Step, value: str) -> str:
    """To whole numbers, halves away from zero (ONNX's Round goes to even ones)."""
    whole = step("Floor", step("Add", step("Abs", value), 0.5))
    return step("Mul", step("Sign", value), whole)


def _shares(step: Step, start: str, size: str, bins: int, cells: int, real: str) -> str:
    """The share of each cell of an axis in each sample, R x (bins + 1) x cells."""
    by = step("Div", size, float(bins))
    at = step("Add", start, step("Mul", by, np.arange(bins + 1, dtype=np.float32)))
    inside = step("And", step("GreaterOrEqual", at, -0.5), step("LessOrEqual", at, cells - 0.5))
    counts = step.floats(step("And", inside, real))
    at = step.unsqueeze(step("Clip", at, 0.0, cells - 1.0), [2])
    apart = step("Abs", step("Sub", at, np.arange(cells, dtype=np.float32)))
    return step("Mul", step("Max", step("Sub", 1.0, apart), 0.0), step.unsqueeze(counts, [2]))


def _bins(step: Step, start: str, end: str, bins: int, cells: int) -> str:
    """Which cells of an axis are in which bin, 0 or 1, R x bins x cells."""
    by = step("Div", step("Max", step("Sub", end, start), 0.1), float(bins))
    edges = step("Add", start, step("Mul", by, np.arange(bins + 1, dtype=np.float32)))
    low = step("Floor", step.part(edges, 1, 0, bins))
    high = step("Ceil", step.part(edges, 1, 1, bins + 1))
    cell = np.arange(cells, dtype=np.float32)
    inside = step("And", step("GreaterOrEqual", cell, step.unsqueeze(low, [2])),
                  step("Less", cell, step.unsqueeze(high, [2])))
    return step.floats(inside)


def _of_images(step: Step, value: str, images: Any) -> str:
    """Of R x N x ... for each region what is of its image."""
    return step("GatherND", value, step.integers(images), batch_dims=1)
