"""Batch normalization, scale, shift and ReLU in one pass over the activations, channels-last."""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array
from caffepy.kernels.onednn.batch_norm import FUSE_RELU, USE_SCALE, USE_SHIFT
from caffepy.kernels.onednn.common import NO_NUMBER, STORED, deliver, runtime_of
from caffepy.kernels.operations.normalize import NormalizeKernel, NormalizeSpec
from caffepy.kernels.table import implements


class _Left:
    """The statistics of C channels, and which values ReLU let pass, a byte or less each."""

    def __init__(self, channels: int, passed: int) -> None:
        self.mean, self.variance = np.zeros((2, channels), np.float32)
        workspace = [api.empty_bytes(passed)] if passed else []
        self.arrays = (self.mean, self.variance, *workspace)


@implements("shape", "eps", "relu")
class Normalize(NormalizeKernel):
    """See the module."""

    engine = "onednn"
    left: _Left | None

    def __init__(self, spec: NormalizeSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if len(spec.shape) != 4:
            raise Unsupported("oneDNN's fused normalization is planned for 4-D blobs")
        self.runtime = runtime = runtime_of(self, spec.shape, types=STORED)
        channels = spec.shape[1]
        layout, line = runtime.last(spec.shape, spec.dtype), runtime.plain((channels,))
        self.place = Place.HOST_LAST.holding(spec.dtype)
        flags = USE_SCALE | USE_SHIFT | (FUSE_RELU if spec.relu else 0)
        chosen = runtime.choose("batch_normalization_forward", api.TRAINING, layout, layout,
                                spec.eps, flags)
        back = runtime.choose("batch_normalization_backward", api.BACKWARD, layout, layout,
                              layout, spec.eps, flags, chosen)
        self._detail = f"{layout} {chosen.implementation}, backward {back.implementation}"
        self.ds, self.db, self.no_shift = np.zeros((3, channels), np.float32)
        kept = [(api.MEAN, line), (api.VARIANCE, line)]
        self._passed = 0  # bytes
        if spec.relu:
            passed = chosen.layout(api.WORKSPACE)
            self._passed = passed.nbytes
            kept.append((api.WORKSPACE, passed))
        self._forward = chosen.call((api.SRC, layout), (api.SCALE, line), (api.SHIFT, line),
                                    (api.DST, layout), *kept)
        self._backward = back.call(
            (api.SRC, layout), (api.SCALE, line), (api.DIFF_DST, layout), (api.DIFF_SRC, layout),
            *kept, fixed=[(api.DIFF_SCALE, line, self.ds), (api.DIFF_SHIFT, line, self.db)])

    def _leaving(self) -> _Left:
        if self.left is None:
            self.left = _Left(self.spec.shape[1], self._passed)
        return self.left

    @property
    def detail(self) -> str:
        return self._detail

    def forward(self, x: Tensor, s: Tensor, b: Tensor | None, y: Tensor,
                mean: np.ndarray, variance: np.ndarray) -> None:
        shift = self.no_shift if b is None else b.read(Place.HOST)
        xs = x.read(self.place)
        ys = y.overwrite(self.place)
        left = self._leaving()
        self._forward(xs, s.read(Place.HOST), shift, ys, *left.arrays)
        also = self.runtime.also
        also(np.copyto, mean, left.mean)
        also(np.copyto, variance, left.variance)
        also(self._show_lost, left.variance, ys)

    def _show_lost(self, variance: Array, ys: Array) -> None:
        """oneDNN's ReLU makes 0 of what is no number: make it none again."""
        lost = ~np.isfinite(variance)
        if lost.any():
            ys[:, lost] = NO_NUMBER[self.spec.dtype]

    def backward(self, x: Tensor, s: Tensor, y: Tensor, dy: Tensor, dx: Tensor,
                 ds: Tensor | None, db: Tensor | None) -> None:
        xs, dys = x.read(self.place), dy.read(self.place)
        self._backward(xs, s.read(Place.HOST), dys, dx.overwrite(self.place),
                       *self._leaving().arrays)
        for target, sums in ((ds, self.ds), (db, self.db)):
            if target is not None:
                deliver(self.runtime, sums, target)
