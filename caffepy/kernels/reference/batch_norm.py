"""Batch normalization (Ioffe and Szegedy 2015), without scale and shift."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from caffepy.core.memory import Array, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.operations.batch_norm import BatchNormKernel, BatchNormSpec
from caffepy.kernels.reference.order import follow
from caffepy.kernels.table import implements


class _Left(NamedTuple):
    mean: Array
    std: Array
    normal: Array | None  # y kept aside, where it may be overwritten


@implements("shape", "eps", "given", "inplace", "training")
class BatchNorm(BatchNormKernel):
    """y = (x - mean) / std with std = sqrt(variance + eps).

    Over the batch's own statistics dx = (dy - mean(dy) - y * mean(dy * y)) / std; where they are
    given they do not depend on x, and dx = dy / std.
    """

    engine = "reference"
    left: _Left

    def __init__(self, spec: BatchNormSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        axes = range(len(spec.shape))
        self.axes = tuple(a for a in axes if a != 1)
        self.stat = tuple(d if a == 1 else 1 for a, d in enumerate(spec.shape))

    def forward(self, x: Tensor, y: Tensor, mean: np.ndarray, variance: np.ndarray) -> None:
        xp, place = self.owner.xp, follow(self, x)
        xs = x.read(place)
        if not self.spec.given:
            centre = xs.mean(axis=self.axes, keepdims=True)
            centred = xs - centre
            mean[...] = centre.reshape(mean.shape)
            variance[...] = (centred * centred).mean(axis=self.axes).reshape(variance.shape)
        else:
            centre = mean.reshape(self.stat).copy()
            centred = xs - centre
        std = xp.sqrt(variance.reshape(self.stat) + self.spec.eps).astype(xs.dtype)
        centred /= std
        y.overwrite(place)[...] = centred
        spec = self.spec
        kept = spec.inplace and spec.training and not spec.given
        self.left = _Left(centre, std, centred if kept else None)

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        place = follow(self, dy)
        dys = dy.read(place)
        mean, std, normal = self.left
        if self.spec.given:
            dx.overwrite(place)[...] = dys / std
            return
        if normal is None:  # x, not y: a Scale layer that follows often works in place on y
            normal = (x.read(place) - mean) / std
        slope = (dys * normal).mean(axis=self.axes, keepdims=True)
        result = dys - dys.mean(axis=self.axes, keepdims=True) - normal * slope
        dx.overwrite(place)[...] = result / std
