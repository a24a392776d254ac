"""Unpooling (DeconvNet): a Pooling backwards; each pixel becomes a window.

bottom  x, N x C x H x W; for MAX optionally the mask, the pooling's second top
top     y, N x C x unpool_h x unpool_w
param   unpooling_param { unpool: MAX kernel_size: 2 stride: 2 unpool_size: 14 }
V1      UNPOOLING

MAX puts each pixel where the mask says, or without a mask into the first cell of its window, with
zeros between. TILE adds it to every cell of its window, AVE a share of it, by the window's size;
windows are cut to the top.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.core.window import Window
from caffepy.kernels.reference.windows import Windows
from caffepy.layers.segmentation._masked import Masked


@register("Unpooling", v1="UNPOOLING", param="unpooling_param", dialect="deconvnet")
class Unpooling(Masked):
    bottoms = "1-2"
    windowed = True

    @classmethod
    def method(cls, spec: Any) -> str:
        p = spec.unpooling_param
        return str(p.UnpoolMethod.Name(p.unpool))

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        window = Window(p)
        self.kind = self.method(self.spec)
        if not window.kernel or window.lonely:
            self.fail("the size of the windows is missing",
                      found=", ".join(f"only {word}" for word in window.lonely) or None,
                      fix="Give kernel_size, or kernel_h and kernel_w.")
        self.kernel, self.stride = window.each("kernel", 2), window.each("stride", 2)
        if min(*self.kernel, *self.stride) < 1:
            self.fail("kernel_size and stride must be at least 1",
                      found=f"{self.kernel} and {self.stride}")
        if any(window.pad):
            self.fail("there is no padding in unpooling", found=window.pad, allowed="pad: 0")
        sides = p.HasField("unpool_h") and p.HasField("unpool_w")
        if p.HasField("unpool_size") == (p.HasField("unpool_h") or p.HasField("unpool_w")) or not (
                p.HasField("unpool_size") or sides):
            self.fail("the size of the top is given as unpool_size, or unpool_h and unpool_w")
        self.size = (p.unpool_h, p.unpool_w) if sides else (p.unpool_size,) * 2
        if min(self.size) < 1:
            self.fail("the size of the top must be at least 1", found=self.size)
        if len(bottom) == 1 or self.kind != "MAX":
            self.keeps = ()
            self.recordable = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        self.check(bottom)
        x = bottom[0].shape
        top[0].reshape(*x[:2], *self.size)
        starts = [np.arange(n) * s for n, s in zip(x[2:], self.stride, strict=True)]
        ends = [np.minimum(start + k, size)
                for start, k, size in zip(starts, self.kernel, self.size, strict=True)]
        if self.kind != "MAX":
            if any((end <= start).any() for start, end in zip(starts, ends, strict=True)):
                self.fail("some windows lie wholly outside of the top",
                          found=f"a top of {self.size} for shape {x}, stride {self.stride}")
            self.windows = Windows(self.kernel, self.stride, (0, 0), (1, 1), x[2:])
            self.area = self.xp.asarray(
                np.outer(*(end - start for start, end in zip(starts, ends, strict=True))),
                self.dtype)
        else:  # a window that would begin outside begins at the last cell
            rows, columns = (np.minimum(start, size - 1)
                             for start, size in zip(starts, self.size, strict=True))
            self.first = self.xp.asarray((rows[:, None] * self.size[1] + columns).ravel())

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp, x = self.xp, self.read(bottom[0].values)
        if self.kind == "MAX":
            self.put(x, top[0], self._places(bottom))
            return
        if self.kind == "AVE":
            x = x / self.area
        padded = self.windows.zeros(xp, top[0].shape, self.dtype)
        for offset in self.windows.offsets():
            self.windows.at(padded, offset)[...] += x
        self.overwrite(top[0].values)[...] = self._inner(padded)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if not propagate_down[0]:
            return
        if self.kind == "MAX":
            self.take(top[0], bottom[0], self._places(bottom))
            return
        padded = self.windows.padded(self.xp, self.read(top[0].grads))
        dx = self.overwrite(bottom[0].grads)
        dx[...] = 0
        for offset in self.windows.offsets():
            dx += self.windows.at(padded, offset)
        dx /= self.area  # for TILE, too, as the original has it, though it is no derivative then

    def _places(self, bottom: Blobs) -> tuple[Any, ...]:
        return self.at(bottom[1], self.size) if len(bottom) > 1 else (..., self.first)

    def _inner(self, padded: Array) -> Array:
        return padded[:, :, : self.size[0], : self.size[1]]
