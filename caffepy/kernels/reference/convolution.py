"""Convolution as GEMMs on the columns of a few images at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from caffepy.core.memory import Array, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.eight_bits import as_inputs, as_weights
from caffepy.kernels.operations.convolution import ConvolutionKernel, ConvolutionSpec
from caffepy.kernels.reference.windows import Windows
from caffepy.kernels.table import implements

CHUNK_BYTES = 16 * 2**20  # of columns at once: a few images, near the caches


@implements("x", "w", "y", "stride", "pad", "dilation", "group", "bias", "end",
            "training", "quantized")
class Convolution(ConvolutionKernel):
    """y = w * columns(x) + b in each group.

    In the shape comments n is the images of a chunk, g the groups, o and c the outputs and
    inputs of one group, k the cells of the kernel and p the positions of the output.
    """

    engine = "reference"
    detail = "im2col and GEMM"

    def __init__(self, spec: ConvolutionSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        kernel, out = spec.w[2:], spec.y[2:]
        self.windows = Windows(kernel, spec.stride, spec.pad, spec.dilation, out)
        # the columns are the input itself
        self.pointwise = self.windows.pointwise and not any(spec.end or ())
        group = spec.group
        self.p = math.prod(out)
        self.ck = math.prod(spec.w[1:])
        self.w_shape = (group, spec.w[0] // group, self.ck)
        self.y_shape = (spec.y[0], group, spec.y[1] // group, self.p)
        per_image = max(group * self.ck * self.p, math.prod(spec.w))
        self.chunk = max(1, CHUNK_BYTES // (per_image * (8 if spec.dtype == "float64" else 4)))

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        xp, place = self.owner.xp, self.owner.place
        xs = as_inputs(x.read(place), self.spec.quantized)
        ws = as_weights(w.read(place), self.spec.quantized).reshape(self.w_shape)
        ys = y.overwrite(place).reshape(self.y_shape)
        for images in self._chunks():
            # (n, g, o, p) = (g, o, ck) @ (n, g, ck, p)
            xp.matmul(ws, self._columns(xp, xs[images]), out=ys[images])
        if b is not None:
            ys += b.read(place).reshape(ys.shape[1:3] + (1,))

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        xp, place = self.owner.xp, self.owner.place
        dys = dy.read(place).reshape(self.y_shape)
        ws = w.read(place).reshape(self.w_shape).transpose(0, 2, 1)
        dxs = dx.overwrite(place)
        for images in self._chunks():
            # (n, g, ck, p) = (g, ck, o) @ (n, g, o, p)
            columns = xp.matmul(ws, dys[images])
            shape = dxs[images].shape
            dxs[images] = (columns.reshape(shape) if self.pointwise
                           else self.windows.col2im(xp, columns, shape))

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        xp, place = self.owner.xp, self.owner.place
        dys = dy.read(place).reshape(self.y_shape)
        if db is not None:
            total, add = db.accumulate(place)
            bias = dys.sum(axis=(0, 3)).reshape(total.shape)
            total[...] = total + bias if add else bias
        if dw is not None:
            xs = x.read(place)
            total, add = dw.accumulate(place)
            total = total.reshape(self.w_shape)
            if not add:
                total[...] = 0
            for images in self._chunks():
                # (g, o, ck) = sum over n of (n, g, o, p) @ (n, g, p, ck)
                columns = self._columns(xp, xs[images]).swapaxes(2, 3)
                total += xp.matmul(dys[images], columns).sum(axis=0)

    def _chunks(self) -> Iterator[slice]:
        for start in range(0, self.spec.x[0], self.chunk):
            yield slice(start, min(start + self.chunk, self.spec.x[0]))

    def _columns(self, xp: Any, x: Array) -> Array:
        columns = x if self.pointwise else self.windows.im2col(xp, x)
        return columns.reshape(len(x), self.spec.group, self.ck, self.p)
