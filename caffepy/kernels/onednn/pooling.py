"""Pooling, channels-last.

oneDNN's maximum keeps the first of equal values in row order, as Caffe does (a test holds it to
that). Its mean divides by the whole window, padding included, or by the cells inside the input.
Caffe divides by the window clipped at height + pad: without padding that is the inside; with
padding the last windows may reach beyond it, and their means are corrected by
kernel / clipped side along each axis.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, Layout, dims
from caffepy.kernels.onednn.common import FLOAT, STORED, runtime_of
from caffepy.kernels.onednn.runtime import Call, Chosen, Runtime
from caffepy.kernels.operations.pooling import PoolingKernel, PoolingSpec
from caffepy.kernels.table import implements

LOWEST = np.finfo(np.float32).min  # where the search for a maximum starts


@implements("method", "x", "y", "kernel", "stride", "pad", "training")
class Pooling(PoolingKernel):
    """The largest or the mean of each window."""

    engine = "onednn"
    left: Array | None  # which cell won each window

    def __init__(self, spec: PoolingSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if len(spec.x) != 4:
            raise Unsupported("oneDNN pools pictures here")
        self._runtime = runtime = runtime_of(self, spec.x, spec.y, types=STORED)
        self.x, self.y = runtime.last(spec.x, spec.dtype), runtime.last(spec.y, spec.dtype)
        self.place = Place.HOST_LAST.holding(spec.dtype)
        if spec.method == "max":
            self.algorithm = api.MAX_POOL
        else:
            self.algorithm = api.MEAN_OF_WINDOW if any(spec.pad) else api.MEAN_OF_INSIDE
        # windows may reach beyond the input on the right more than on the left
        beyond = [
            max(0, (out - 1) * step + side - size - pad)
            for out, step, side, size, pad in zip(
                spec.y[2:], spec.stride, spec.kernel, spec.x[2:], spec.pad, strict=True)
        ]
        window = (dims(spec.stride), dims(spec.kernel), dims((0, 0)), dims(spec.pad),
                  dims(beyond))
        self.corrections = [c for c in map(self._correction, (0, 1)) if c is not None]
        self._aside: Array | None = None
        if self.corrections and spec.dtype not in FLOAT:
            raise Unsupported("means that are corrected afterwards are float32")
        self.leaves = spec.method == "max"
        self._calls = _Calls(runtime, spec, self.algorithm, self.x, self.y, window)

    def _correction(self, axis: int) -> tuple[Any, Array] | None:
        """The last means along an axis, and what they are multiplied by; None if that is 1."""
        s = self.spec
        if self.algorithm != api.MEAN_OF_WINDOW:
            return None
        start = np.arange(s.y[2 + axis]) * s.stride[axis] - s.pad[axis]
        clipped = np.minimum(s.kernel[axis], s.x[2 + axis] + s.pad[axis] - start)
        factor = (s.kernel[axis] / clipped).astype(np.float32)
        some = np.flatnonzero(factor != 1)
        if not some.size:
            return None
        last = slice(some[0], None)
        return ((..., last, slice(None)), factor[last, None]) if axis == 0 else (
            (..., last), factor[last])

    @property
    def detail(self) -> str:
        return f"{self.x} {self._calls.chosen.implementation}"

    def _winners(self) -> Array:
        """oneDNN's workspace: of each window, the cell that won (N, out_h, out_w, C)."""
        if self.left is None:
            nbytes = self._calls.with_winners.layout(api.WORKSPACE).nbytes
            kind = np.int32 if nbytes >= 4 * math.prod(self.spec.y) else np.uint8
            self.left = api.empty_bytes(nbytes).view(kind)
            self.left[...] = 0
        return self.left

    def forward(self, x: Tensor, y: Tensor, mask: Tensor | None = None) -> None:
        xs, ys = x.read(self.place), y.overwrite(self.place)
        if mask is None and not (self.leaves and self.spec.training):
            self._calls.forward(xs, ys)
            self._correct(ys)
            return
        self._calls.forward_with_winners(xs, ys, self._winners())
        if mask is not None:
            found = y.read(Place.HOST_LAST) > LOWEST
            mask.overwrite(Place.HOST_LAST)[...] = np.where(found, self._positions(), -1)

    def backward(self, dy: Tensor, dx: Tensor) -> None:
        dys = dy.read(self.place)
        if self.spec.method == "max":
            self._calls.backward(dys, dx.overwrite(self.place), self._winners())
            return
        if self.corrections:
            if self._aside is None:
                self._aside = np.empty_like(dys)
            self._runtime.also(np.copyto, self._aside, dys)
            dys = self._aside
            self._correct(dys)
        self._calls.backward(dys, dx.overwrite(self.place))

    def _correct(self, means: Array) -> None:
        for where, factor in self.corrections:
            self._runtime.also(np.multiply, means[where], factor, out=means[where])

    def _positions(self) -> Array:
        """h * W + w of each window's winner, (N, C, out_h, out_w)."""
        s = self.spec
        n, c, h, w = s.y
        winners = self._winners()[: n * c * h * w].reshape(n, h, w, c).transpose(0, 3, 1, 2)
        rows, columns = (
            np.arange(out) * step - pad
            for out, step, pad in zip(s.y[2:], s.stride, s.pad, strict=True)
        )
        cells = winners.astype(np.int32)
        return ((rows[:, None] + cells // s.kernel[1]) * s.x[3]
                + columns + cells % s.kernel[1])


class _Calls:
    """What runs, made when first needed. The last argument is the winners, where there are any."""

    def __init__(self, runtime: Runtime, spec: PoolingSpec, algorithm: int, x: Layout, y: Layout,
                 window: tuple[Any, ...]) -> None:
        self._settings = (algorithm, x, y, *window)
        self._runtime, self._x, self._y = runtime, x, y
        self._winning = spec.method == "max"
        self._training = spec.training
        self.chosen = self._choose(api.TRAINING if spec.training else api.INFERENCE)
        self._back = runtime.choose("pooling_backward", *self._settings,
                                    self.chosen) if spec.training else None

    def _choose(self, kind: int) -> Chosen:
        return self._runtime.choose("pooling_forward", kind, *self._settings)

    @cached_property
    def with_winners(self) -> Chosen:
        return self.chosen if self._training else self._choose(api.TRAINING)

    def _workspace(self) -> list[tuple[int, Layout]]:
        return [(api.WORKSPACE, self.with_winners.layout(api.WORKSPACE))] if self._winning else []

    @cached_property
    def forward(self) -> Call:
        return self.chosen.call((api.SRC, self._x), (api.DST, self._y))

    @cached_property
    def forward_with_winners(self) -> Call:
        return self.with_winners.call((api.SRC, self._x), (api.DST, self._y), *self._workspace())

    @cached_property
    def backward(self) -> Call:
        assert self._back is not None, "planned for inference"
        return self._back.call((api.DIFF_DST, self._y), (api.DIFF_SRC, self._x),
                               *self._workspace())
