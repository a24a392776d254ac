"""Resample: pictures in another size.

bottom  x, N x C x H x W; optionally a blob that has the height and width to come to
top     y, N x C x height x width
param   resample_param { type: LINEAR height: 384 width: 512 antialias: true }; also NEAREST, CUBIC

A mean of the pixels in reach, weighed by a triangle (LINEAR) or a bicubic curve (CUBIC) of their
distance, which antialias stretches by the factor in / out of each axis if one of them shrinks.
NEAREST takes one pixel. As in the original the half pixel by which x is moved comes of the vertical
factor, and y's of the horizontal one: x_in = x fx + fy / 2 - 0.5. dx is the transpose; there is
none in the original. FlowNet's; factor is not read there, and AREA is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError

REACH = {"LINEAR": 2, "CUBIC": 4}


@register("Resample", dialect="flownet", param="resample_param")
class Resample(Layer):
    bottoms = "1-2"
    labels = (1,)
    keeps = ()
    recordable = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.kind: str = self.p.ResampleType.Name(self.p.type)
        if self.kind == "AREA":
            self.fail("AREA is not known, as in the original",
                      fix="Write LINEAR, CUBIC or NEAREST.")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape = bottom[0].shape
        given = bottom[1].shape[2:] if len(bottom) > 1 else (self.p.height, self.p.width)
        if len(shape) != 4 or len(given) != 2 or 0 in given:
            self.fail("pictures and a size are needed", kind=ShapeError,
                      found=f"shape {shape}, size {tuple(given)}",
                      fix="Write height and width, or give a second bottom of that size.")
        fy, fx = (size / out for size, out in zip(shape[2:], given, strict=True))
        shrinks = fx > 1 or fy > 1
        rows, columns = (
            self.xp.asarray(self._weights(size, out, f, other, shrinks), self.dtype)
            for size, out, f, other in ((shape[2], given[0], fy, fx), (shape[3], given[1], fx, fy)))
        self.rows, self.columns = rows, columns
        top[0].reshape(*shape[:2], *given)

    def _weights(self, size: int, out: int, f: float, other: float, shrinks: bool
                 ) -> np.ndarray[Any, Any]:
        """How much each pixel of one axis counts for each place, out x size."""
        at = (np.arange(out, dtype=np.float32) * np.float32(f)
              + np.float32(other) / 2 - np.float32(0.5))
        near = np.sign(at) * np.floor(np.abs(at) + np.float32(0.5))  # halves away from 0
        if self.kind == "NEAREST":
            # the original reads beyond the edge
            near = np.clip(near, 0, size - 1)
            return (near[:, None] == np.arange(size)).astype(np.float64)
        stretch = 1 / f if shrinks and self.p.antialias else 1.0
        reach = 2 if f < 1 else math.ceil(REACH[self.kind] / stretch)
        pixels = np.arange(size)
        d = np.abs(stretch * (at[:, None].astype(np.float64) - pixels))
        if self.kind == "LINEAR":
            weights = np.maximum(1 - d, 0)
        else:
            weights = np.where(d <= 1, d * d * (1.5 * d - 2.5) + 1,
                               np.where(d < 2, d * (d * (2.5 - 0.5 * d) - 4) + 2, 0))
        weights = np.where(np.abs(pixels - near[:, None]) <= reach, weights, 0)
        total = weights.sum(axis=1, keepdims=True)
        return np.where(total == 0, 0, weights / np.where(total == 0, 1, total))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x = self.read(bottom[0].values)
        self.overwrite(top[0].values)[...] = self.xp.matmul(
            self.xp.matmul(self.rows, x), self.columns.T)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dy = self.read(top[0].grads)
        self.overwrite(bottom[0].grads)[...] = self.xp.matmul(
            self.xp.matmul(self.rows.T, dy), self.columns)
