"""Pictures seen after a flow: bilinear samples, by GridSample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.exchange.out.step import SIZE, Step
from caffepy.exchange.out.table import NotInONNX, rule

SINCE = 16  # the first opset with GridSample


@rule("FlowWarp")
def flow_warp(step: Step) -> str:
    """Beyond the last row and column these count, up to a pixel; farther out nothing is seen."""
    at = _places(step, True)
    h, w = step.shapes[0][2:]
    outside = 0.0 if step.p.fill_value != step.p.NOT_A_NUMBER else float("nan")
    inside = _inside(step, at, [step("Less", at, np.reshape([w, h], (2, 1, 1)).astype(np.float32))])
    return step("Where", inside, _sampled(step, at, "border"), outside)


@rule("Warp")
def warp(step: Step) -> str:
    at = _places(step, not step.layer.absolute)
    if step.layer.absolute:
        return _sampled(step, at, "zeros")
    h, w = step.shapes[0][2:]
    ends = np.reshape([w - 1, h - 1], (2, 1, 1)).astype(np.float32)
    inside = _inside(step, at, [step("LessOrEqual", at, ends)])
    return step("Where", inside, _sampled(step, at, "border"), 0.0)


def _places(step: Step, relative: bool) -> str:
    """x and y of each pixel, N x 2 x H x W."""
    if step.graph.opset < SINCE:
        raise NotInONNX(f"bilinear samples at any place need opset {SINCE}")
    step.fix(SIZE)
    if not relative:
        return step.bottoms[1]
    h, w = step.shapes[0][2:]
    pixels = np.stack(np.meshgrid(np.arange(w), np.arange(h))).astype(np.float32)
    return step("Add", step.bottoms[1], pixels)


def _inside(step: Step, at: str, below: Sequence[str]) -> str:
    """Which places lie in the picture, N x 1 x H x W."""
    both = step("And", step("GreaterOrEqual", at, 0.0), *below)
    x, y = step.split(both, [1, 1], 1)
    return step("And", x, y)


def _sampled(step: Step, at: str, beyond: str) -> str:
    """The picture at these places; ONNX counts from -1 to 1, at the outer edges of pixels."""
    h, w = step.shapes[0][2:]
    size = np.reshape([w, h], (2, 1, 1)).astype(np.float32)
    grid = step("Add", step("Mul", at, 2 / size), 1 / size - 1)
    return step("GridSample", step.x, step("Transpose", grid, perm=[0, 2, 3, 1]),
                align_corners=0, mode="bilinear" if step.graph.opset < 20 else "linear",
                padding_mode=beyond)
