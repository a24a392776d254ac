"""Interp (DeepLab, PSPNet): pictures of another size, bilinear, with corners on corners.

bottom  x, N x C x H x W; optionally a blob whose height and width are the wanted ones
top     y, N x C x H' x W'
param   interp_param { height: 0 width: 0 zoom_factor: 1 shrink_factor: 1 pad_beg: 0 pad_end: 0 }
V1      INTERP

pad_beg and pad_end, 0 or less, crop x first. The size: shrink_factor s alone gives (n - 1) / s + 1;
zoom_factor z alone n + (n - 1) (z - 1); else height and width; else both factors, shrink first.
Place i of the top is i * (n - 1) / (n' - 1) of the bottom, or 0 where n' is 1. dx is the transpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array, Shape
from caffepy.core.registry import register
from caffepy.errors import ShapeError


@register("Interp", v1="INTERP", param="interp_param", dialect="pspnet")
class Interp(Layer):
    bottoms = "1-2"
    labels = (1,)
    keeps = ()
    recordable = True
    obeys = ("interp_param.use_blob_size",)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        if p.pad_beg > 0 or p.pad_end > 0:
            self.fail("pad_beg and pad_end only crop: they are 0 or less",
                      found=f"{p.pad_beg} and {p.pad_end}")
        for name in ("zoom_factor", "shrink_factor"):
            if getattr(p, name) < 1:
                self.fail(f"{name} must be at least 1", found=getattr(p, name))
        if p.use_blob_size and len(bottom) < 2:
            self.fail("use_blob_size takes the size of a second bottom", found="one bottom")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x = bottom[0]
        for blob in bottom:
            if blob.ndim != 4:
                self.fail("bottoms must have 4 axes (images, channels, height, width)",
                          kind=ShapeError, found=f"shape {blob.shape}")
        crop = self.p.pad_beg + self.p.pad_end
        self.source = tuple(size + crop for size in x.shape[2:])
        if min(self.source) < 1:
            self.fail("pad_beg and pad_end take the whole picture away", kind=ShapeError,
                      found=f"{self.p.pad_beg} and {self.p.pad_end} for shape {x.shape}")
        size = bottom[1].shape[2:] if len(bottom) > 1 else self._size()
        if min(size) < 1:
            self.fail("height and width must be at least 1", found=size)
        top[0].reshape(*x.shape[:2], *size)
        self.taps = [taps(self.xp, a, b, self.dtype)
                     for a, b in zip(self.source, size, strict=True)]
        self.weights: list[Array] = []  # the same as matrices; backward makes them

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x = self.read(bottom[0].values)[self._part(bottom[0])]
        (low, high, share), (left, right, part) = self.taps
        share = share[:, None]
        rows = x[:, :, low] * (1 - share) + x[:, :, high] * share
        y = self.overwrite(top[0].values)
        y[...] = rows[:, :, :, left] * (1 - part)
        y += rows[:, :, :, right] * part

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if not propagate_down[0]:
            return
        if not self.weights:
            self.weights = [matrix(self.xp, *tap, size)
                            for tap, size in zip(self.taps, self.source, strict=True)]
        rows, columns = self.weights
        dx = self.overwrite(bottom[0].grads)
        dx[...] = 0
        dx[self._part(bottom[0])] = rows.T @ (self.read(top[0].grads) @ columns)

    def _part(self, x: Blob) -> tuple[Any, ...]:
        """What cropping leaves of x."""
        return (..., *(slice(-self.p.pad_beg, size + self.p.pad_end) for size in x.shape[2:]))

    def _size(self) -> Shape:
        p = self.p
        shrink, zoom = p.HasField("shrink_factor"), p.HasField("zoom_factor")
        if shrink == zoom and p.HasField("height") and p.HasField("width"):
            return p.height, p.width
        if not (shrink or zoom):
            self.fail("the size is missing", fix="Give height and width, zoom_factor or "
                      "shrink_factor, or a second bottom of the wanted size.")
        size = self.source
        if shrink:
            size = tuple((n - 1) // p.shrink_factor + 1 for n in size)
        return tuple(n + (n - 1) * (p.zoom_factor - 1) for n in size) if zoom else size


def taps(xp: Any, source: int, size: int, dtype: Any) -> tuple[Array, Array, Array]:
    """Along one axis, for each place of the top: the two places of the bottom that it lies
    between, and the share of the second."""
    step = (source - 1) / (size - 1) if size > 1 else 0.0
    at = np.arange(size, dtype=np.float32) * np.float32(step)  # as the original
    low = np.minimum(at.astype(np.int64), source - 1)
    high = np.minimum(low + 1, source - 1)
    return xp.asarray(low), xp.asarray(high), xp.asarray((at - low) * (high > low), dtype)


def matrix(xp: Any, low: Array, high: Array, share: Array, source: int) -> Array:
    """The same as weights, places of the top x places of the bottom."""
    result = xp.zeros((len(low), source), share.dtype)
    place = xp.arange(len(low))
    result[place, low] += 1 - share
    result[place, high] += share
    return result
