"""Pictures of another size, where Caffe's layers give exactly the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from caffepy.exchange.into.refused import NotInCaffe
from caffepy.exchange.into.step import Array, Shape, Step, pads
from caffepy.exchange.into.table import rule
from caffepy.exchange.into.windows import words

HALF = ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric")


@rule("Upsample")
def upsample(step: Step) -> str:
    """Resize as it was called up to opset 9."""
    return _resized(step, "asymmetric", "floor")


@rule("Resize")
def resize(step: Step) -> str:
    if step.opset < 11:
        return _resized(step, "asymmetric", "floor")
    return _resized(step, step.attribute("coordinate_transformation_mode", "half_pixel"),
                    step.attribute("nearest_mode", "round_prefer_floor"))


def _resized(step: Step, places: str, rounding: str) -> str:
    shape, out = step.shape(), step.top_shape
    if shape == out:
        return step.x
    mode = step.attribute("mode", "nearest")
    if shape[:2] != out[:2]:
        raise NotInCaffe("another number of items or channels")
    if step.attribute("antialias", 0) and any(a > b for a, b in zip(shape, out, strict=True)):
        raise NotInCaffe("smaller pictures by antialias")
    if mode == "nearest":
        return _nearest(step, shape, out, places, rounding)
    if mode != "linear" or len(shape) != 4:
        raise NotInCaffe(f"mode '{mode}' on {len(shape) - 2} axes")
    return _linear(step, shape, out, places)


def _nearest(step: Step, shape: Shape, out: Shape, places: str, rounding: str) -> str:
    taken = [_taken(n, m, places, rounding) for n, m in zip(shape[2:], out[2:], strict=True)]
    scale = [m // n for n, m in zip(shape[2:], out[2:], strict=True)]
    if all(s and list(np.repeat(range(n), s)) == found
           for n, s, found in zip(shape[2:], scale, taken, strict=True)):
        return _spread(step, step.x, shape[1], [np.ones(s) for s in scale], scale, [0] * len(scale))
    steps = [n // m for n, m in zip(shape[2:], out[2:], strict=True)]
    if len(steps) == 2 and all(s and list(range(0, m * s, s)) == found
                               for m, s, found in zip(out[2:], steps, taken, strict=True)):
        return step("Pooling", step.x, pooling_param={
            "pool": "MAX", "kernel_size": 1, "stride_h": steps[0], "stride_w": steps[1]})
    raise NotInCaffe(f"the nearest of {shape[2:]} for {out[2:]}, no whole multiple "
                     f"({places}, {rounding})")


def _taken(n: int, m: int, places: str, rounding: str) -> list[int]:
    """Of n places those from which m take their numbers."""
    round_: dict[str, Callable[[float], int]] = {
        "floor": math.floor, "ceil": math.ceil,
        "round_prefer_floor": lambda x: math.ceil(x - 0.5),
        "round_prefer_ceil": lambda x: math.floor(x + 0.5)}
    found = []
    for i in range(m):
        if places in HALF:
            x = (i + 0.5) * n / m - 0.5 if m > 1 or places != "pytorch_half_pixel" else 0.0
        elif places == "align_corners":
            x = i * (n - 1) / (m - 1) if m > 1 else 0.0
        elif places == "asymmetric":
            x = i * n / m
        else:
            raise NotInCaffe(f"places by '{places}'")
        found.append(min(max(round_[rounding](round(x, 9)), 0), n - 1))
    return found


def _linear(step: Step, shape: Shape, out: Shape, places: str) -> str:
    if places == "align_corners":
        return step("Interp", step.x, interp_param={"height": out[2], "width": out[3]})
    if places not in HALF:
        raise NotInCaffe(f"places by '{places}' in between")
    scale = [m // n for n, m in zip(shape[2:], out[2:], strict=True)]
    if [n * s for n, s in zip(shape[2:], scale, strict=True)] == list(out[2:]):
        return _tents(step, shape, scale)
    if all(n == 2 * m for n, m in zip(shape[2:], out[2:], strict=True)):
        return step("Pooling", step.x, pooling_param={"pool": "AVE", "kernel_size": 2,
                                                      "stride": 2})
    raise NotInCaffe(f"{shape[2:]} to {out[2:]} with half pixels, no whole multiple; Interp puts "
                     "corners on corners (align_corners)")


def _tents(step: Step, shape: Shape, scale: Sequence[int]) -> str:
    """Each place spread as a tent as wide as two of its blocks. The places at the edges, which
    stand for all that lies beyond them, are repeated first."""
    x = step.x
    for axis in (2, 3):
        if scale[axis - 2] > 1:
            points = sorted({1, shape[axis] - 1} - {0, shape[axis]})
            parts = step.several("Slice", len(points) + 1, x, suffix=f"_axis{axis}", slice_param={
                "axis": axis, "slice_point": points}) if points else [x]
            x = step("Concat", parts[0], x, parts[-1], suffix="_edges", concat_param={"axis": axis})
    kernels = [_tent(s) for s in scale]
    pad = [(len(k) - s) // 2 + (s if s > 1 else 0) for k, s in zip(kernels, scale, strict=True)]
    return _spread(step, x, shape[1], kernels, scale, pad)


def _tent(scale: int) -> Array:
    count = 2 * scale - scale % 2
    return 1 - np.abs(np.arange(count) - (count - 1) / 2) / scale


def _spread(step: Step, x: str, channels: int, kernels: Sequence[Array], stride: Sequence[int],
            pad: Sequence[int]) -> str:
    """Each channel by itself through a Deconvolution with the product of these kernels."""
    kernel = np.ones(())
    for one in kernels:
        kernel = np.multiply.outer(kernel, one)
    weights = np.broadcast_to(kernel, (channels, 1, *kernel.shape))
    return step("Deconvolution", x, weights=[weights], convolution_param={
        "num_output": channels, "group": channels, "bias_term": False,
        **words(kernel.shape, "kernel_size", "kernel"), **words(stride, "stride", "stride"),
        **pads(pad, pad)})
