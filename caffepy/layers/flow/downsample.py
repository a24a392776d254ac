"""Downsample: pictures in another size, corners on corners; what is not known stays so.

bottom  x, N x C x H x W; optionally a blob that has the height and width to come to
top     y, N x C x top_height x top_width
param   downsample_param { top_height: 48 top_width: 64 }

A mean of the pixels in reach, weighed by a triangle as wide as the factor of each axis. Pixels that
are no number count nothing; where they have more than half the weight of the others, y is no
number. dx is the transpose; there is none in the original. FlowNet's, which has a GPU code alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError


@register("Downsample", dialect="flownet", param="downsample_param")
class Downsample(Layer):
    bottoms = "1-2"
    labels = (1,)
    keeps = ()

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape = bottom[0].shape
        given = bottom[1].shape[2:] if len(bottom) > 1 else (self.p.top_height, self.p.top_width)
        if len(shape) != 4 or len(given) != 2 or 0 in given:
            self.fail("pictures and a size are needed", kind=ShapeError,
                      found=f"shape {shape}, size {tuple(given)}",
                      fix="Write top_height and top_width, or give a second bottom of that size.")
        self.rows, self.columns = (
            self.xp.asarray(triangles(size, out), self.dtype)
            for size, out in zip(shape[2:], given, strict=True))
        top[0].reshape(*shape[:2], *given)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp = self.xp
        x = self.read(bottom[0].values)
        self.known = x == x

        def mean(values: Any) -> Any:
            return xp.matmul(xp.matmul(self.rows, values), self.columns.T)

        weight = mean(self.known.astype(self.dtype))
        lost = mean((~self.known).astype(self.dtype))
        self.weight = xp.where(weight > 0, weight, 1)
        y = mean(xp.where(self.known, x, 0)) / self.weight
        self.overwrite(top[0].values)[...] = xp.where(lost > 0.5 * weight, xp.nan, y)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        share = self.read(top[0].grads) / self.weight
        dx = self.xp.matmul(self.xp.matmul(self.rows.T, share), self.columns)
        self.overwrite(bottom[0].grads)[...] = dx * self.known


def triangles(size: int, out: int) -> np.ndarray[Any, Any]:
    """How much each pixel of one axis counts for each place, out x size."""
    if size == out:
        return np.eye(size)
    # one place alone lies at the beginning; there the original divides 0 by 0
    factor = (size - 1) / (out - 1) if out > 1 else 1.0
    at = np.arange(out)[:, None] * factor
    return np.maximum(1 - np.abs(np.arange(size) - at) / (factor or 1.0), 0)
