"""Correlation: how alike each place of one map is to the places about it in another.

bottom  a and b, N x C x H x W
top     y, N x D^2 x H' x W', D = 2 floor(max_displacement / stride_2) + 1: a channel for each
        displacement, the horizontal one running fastest;
        H' = ceil((H + 2 pad - 2 (max_displacement + (kernel_size - 1) / 2)) / stride_1)
param   correlation_param { pad: 20 kernel_size: 1 max_displacement: 20 stride_1: 1 stride_2: 2
        correlation_type: MULTIPLY }

The mean over channels and a window of kernel_size of a(p) b(p + displacement), or with SUBTRACT of
|a(p) - b(p + displacement)|; both are padded with zeros, and p goes in steps of stride_1. Both get
gradients. FlowNet's; do_abs and single_direction are not looked at, as in the CPU code there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError


@register("Correlation", dialect="flownet", param="correlation_param")
class Correlation(Layer):
    bottoms = "2"
    recordable = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        if p.kernel_size % 2 != 1 or p.stride_1 < 1 or p.stride_2 < 1:
            self.fail("kernel_size must be odd, and both strides at least 1",
                      found=f"kernel_size {p.kernel_size}, stride_1 {p.stride_1}, "
                            f"stride_2 {p.stride_2}")
        self.reach = p.max_displacement // p.stride_2

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        p, shape = self.p, bottom[0].shape
        if len(shape) != 4 or bottom[1].shape != shape:
            self.fail("both bottoms must be maps of one shape", kind=ShapeError,
                      found=f"shapes {shape} and {bottom[1].shape}")
        border = p.max_displacement + (p.kernel_size - 1) // 2
        self.out = tuple(-(-(size + 2 * p.pad - 2 * border) // p.stride_1) for size in shape[2:])
        if min(self.out) < 1:
            self.fail("nothing is left within the border of displacements", kind=ShapeError,
                      found=f"shape {shape}, pad {p.pad}, border {border}",
                      fix="A larger pad leaves more.")
        top[0].reshape(shape[0], (2 * self.reach + 1) ** 2, *self.out)
        self.count = p.kernel_size**2 * shape[1]

    def _padded(self, x: Array) -> Array:
        pad = self.p.pad
        return self.xp.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))

    def _windows(self) -> Iterator[tuple[int, Any, Any]]:
        """For each displacement and each place in the window: the channel, and where in a and b."""
        p = self.p
        steps = range(-self.reach * p.stride_2, self.reach * p.stride_2 + 1, p.stride_2)

        def cut(first: int, size: int) -> slice:
            return slice(first, first + (size - 1) * p.stride_1 + 1, p.stride_1)

        kernel = [(j, i) for j in range(p.kernel_size) for i in range(p.kernel_size)]
        for channel, (dy, dx) in enumerate((dy, dx) for dy in steps for dx in steps):
            for j, i in kernel:
                first = p.max_displacement + j, p.max_displacement + i
                yield channel, (
                    ..., *(cut(at, size) for at, size in zip(first, self.out, strict=True))), (
                    ..., *(cut(at + d, size) for at, d, size in
                           zip(first, (dy, dx), self.out, strict=True)))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        a, b = (self._padded(self.read(blob.values)) for blob in bottom)
        y = self.overwrite(top[0].values)
        y[...] = 0
        multiplies = self.p.correlation_type == self.p.MULTIPLY
        for channel, at, there in self._windows():
            like = a[at] * b[there] if multiplies else self.xp.abs(a[at] - b[there])
            y[:, channel] += like.sum(axis=1)
        y /= self.count

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        xp, pad = self.xp, self.p.pad
        a, b = (self._padded(self.read(blob.values)) for blob in bottom)
        dy = self.read(top[0].grads) / self.count
        da, db = xp.zeros_like(a), xp.zeros_like(b)
        multiplies = self.p.correlation_type == self.p.MULTIPLY
        for channel, at, there in self._windows():
            share = dy[:, channel, None]
            if multiplies:
                da[at] += share * b[there]
                db[there] += share * a[at]
            else:
                sign = share * xp.sign(a[at] - b[there])
                da[at] += sign
                db[there] -= sign
        height, width = bottom[0].shape[2:]
        for blob, gradient, wanted in zip(bottom, (da, db), propagate_down, strict=True):
            if wanted:
                self.overwrite(blob.grads)[...] = gradient[
                    :, :, pad : pad + height, pad : pad + width]

    def multiply_adds(self, bottom: Blobs, top: Blobs) -> int:
        return top[0].count * self.count
