"""Batch normalization, scale, shift and ReLU in one pass over the activations, channels-last."""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.batch_norm import FUSE_RELU, USE_SCALE, USE_SHIFT
from caffepy.kernels.onednn.common import runtime_of
from caffepy.kernels.operations.normalize import NormalizeKernel, NormalizeSpec
from caffepy.kernels.table import implements


@implements("shape", "eps", "relu")
class Normalize(NormalizeKernel):
    """Which values ReLU let pass is kept between forward and backward, a byte or less each."""

    engine = "onednn"

    def __init__(self, spec: NormalizeSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if len(spec.shape) != 4:
            raise Unsupported("oneDNN's fused normalization is planned for 4-D blobs")
        runtime = runtime_of(owner, spec.shape)
        channels = spec.shape[1]
        layout, line = runtime.last(spec.shape), runtime.plain((channels,))
        flags = USE_SCALE | USE_SHIFT | (FUSE_RELU if spec.relu else 0)
        chosen = runtime.choose("batch_normalization_forward", api.TRAINING, layout, layout,
                                spec.eps, flags)
        back = runtime.choose("batch_normalization_backward", api.BACKWARD, layout, layout,
                              layout, spec.eps, flags, chosen)
        self._detail = f"{layout} {chosen.implementation}, backward {back.implementation}"
        mean, variance, ds, db, self.no_shift = np.zeros((5, channels), np.float32)
        self.mean, self.variance, self.ds, self.db = mean, variance, ds, db
        kept = [(api.MEAN, line, mean), (api.VARIANCE, line, variance)]
        if spec.relu:
            passed = chosen.layout(api.WORKSPACE)
            kept.append((api.WORKSPACE, passed, api.empty_bytes(passed.nbytes)))
        self._forward = chosen.call((api.SRC, layout), (api.SCALE, line), (api.SHIFT, line),
                                    (api.DST, layout), fixed=kept)
        self._backward = back.call(
            (api.SRC, layout), (api.SCALE, line), (api.DIFF_DST, layout), (api.DIFF_SRC, layout),
            fixed=[*kept, (api.DIFF_SCALE, line, ds), (api.DIFF_SHIFT, line, db)])

    @property
    def detail(self) -> str:
        return self._detail

    def forward(self, x: Tensor, s: Tensor, b: Tensor | None, y: Tensor,
                mean: np.ndarray, variance: np.ndarray) -> None:
        shift = self.no_shift if b is None else b.read(Place.HOST)
        xs = x.read(Place.HOST_LAST)
        ys = y.overwrite(Place.HOST_LAST)
        self._forward(xs, s.read(Place.HOST), shift, ys)
        mean[...], variance[...] = self.mean, self.variance
        lost = ~np.isfinite(self.variance)
        if lost.any():  # oneDNN's ReLU makes 0 of what is no number
            ys[:, lost] = np.nan

    def backward(self, x: Tensor, s: Tensor, y: Tensor, dy: Tensor, dx: Tensor,
                 ds: Tensor | None, db: Tensor | None) -> None:
        xs, dys = x.read(Place.HOST_LAST), dy.read(Place.HOST_LAST)
        self._backward(xs, s.read(Place.HOST), dys, dx.overwrite(Place.HOST_LAST))
        for target, sums in ((ds, self.ds), (db, self.db)):
            if target is not None:
                total, add = target.accumulate(Place.HOST)
                total[...] = total + sums if add else sums
