"""Convolutions, of any number of spatial axes, and what is made of their windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.exchange.out.step import BATCH, SIZE, Step
from caffepy.exchange.out.table import rule


@rule("Convolution", "ConvolutionDepthwise", "DepthwiseConvolution", "Convolution3D",
      "NdConvolution")
def convolution(step: Step) -> list[str]:
    return [_one(step, "Conv", i) for i in range(len(step.bottoms))]


@rule("Deconvolution")
def deconvolution(step: Step) -> list[str]:
    return [_one(step, "ConvTranspose", i) for i in range(len(step.bottoms))]


@rule("Im2col")
def im2col(step: Step) -> str:
    """A convolution of each channel with kernels that have a single 1."""
    layer = step.layer
    channels, cells = layer.x_shape[1], int(np.prod(layer.windows.kernel))
    kernels = np.eye(cells).reshape(cells, 1, *layer.windows.kernel)
    x = step.x
    if layer.spatial.axis != 1:
        x = _images(step, x, layer.x_shape)
    y = step("Conv", x, np.tile(kernels, (channels, *(1 for _ in kernels.shape[1:]))),
             group=channels, **_windows(layer))
    return y if layer.spatial.axis == 1 else _images(step, y, step.top_shapes[0])


def _one(step: Step, operation: str, index: int) -> str:
    """The top of one bottom; all share the weights."""
    layer = step.layer
    x, shape, top = step.bottoms[index], step.shapes[index], step.top_shapes[index]
    if len(layer.x_shape) != len(shape) or layer.spatial.axis != 1:
        x = _images(step, x, layer.x_shape)
    bias = [step.weight(1)] if layer.p.bias_term else []
    y = step(operation, x, step.weight(0), *bias, group=layer.group, **_windows(layer))
    if len(layer.y_shape) == len(top) and layer.spatial.axis == 1:
        return y
    if layer.spatial.axis == 1:  # spatial axes of one place are left out
        gone = [axis for axis in range(2, len(layer.y_shape)) if layer.y_shape[axis] == 1]
        return step("Squeeze", y, np.array(gone, np.int64))
    return _images(step, y, top)


def _images(step: Step, value: str, shape: Sequence[int]) -> str:
    step.fix(BATCH, SIZE)
    return step.reshape(value, shape)


def _windows(layer: Any) -> dict[str, list[int]]:
    spatial = layer.spatial
    return {"kernel_shape": list(spatial.kernel), "strides": list(spatial.stride),
            "dilations": list(spatial.dilation),
            "pads": [*spatial.pad, *(spatial.pad_end or spatial.pad)]}
