"""Batch normalization (Ioffe and Szegedy 2015), without scale and shift."""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Array, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.operations.batch_norm import BatchNormKernel, BatchNormSpec
from caffepy.kernels.reference.order import follow
from caffepy.kernels.table import implements


@implements("shape", "eps", "given", "inplace", "training")
class BatchNorm(BatchNormKernel):
    """y = (x - mean) / std with std = sqrt(variance + eps).

    Over the batch's own statistics dx = (dy - mean(dy) - y * mean(dy * y)) / std; where they are
    given they do not depend on x, and dx = dy / std.
    """

    engine = "reference"

    def __init__(self, spec: BatchNormSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        axes = range(len(spec.shape))
        self.axes = tuple(a for a in axes if a != 1)
        self.stat = tuple(d if a == 1 else 1 for a, d in enumerate(spec.shape))
        self.mean: Array = None
        self.std: Array = None
        self.normal: Array = None  # y kept aside, where it may be overwritten

    def forward(self, x: Tensor, y: Tensor, mean: np.ndarray, variance: np.ndarray) -> None:
        xp, place = self.owner.xp, follow(self, x)
        xs = x.read(place)
        if not self.spec.given:
            self.mean = xs.mean(axis=self.axes, keepdims=True)
            centred = xs - self.mean
            mean[...] = self.mean.reshape(mean.shape)
            variance[...] = (centred * centred).mean(axis=self.axes).reshape(variance.shape)
        else:
            self.mean = mean.reshape(self.stat).copy()
            centred = xs - self.mean
        self.std = xp.sqrt(variance.reshape(self.stat) + self.spec.eps).astype(xs.dtype)
        centred /= self.std
        y.overwrite(place)[...] = centred
        spec = self.spec
        self.normal = centred if spec.inplace and spec.training and not spec.given else None

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        place = follow(self, dy)
        dys = dy.read(place)
        if self.spec.given:
            dx.overwrite(place)[...] = dys / self.std
            return
        # x, not y: a Scale layer that follows often works in place on y
        normal = (x.read(place) - self.mean) / self.std if self.normal is None else self.normal
        slope = (dys * normal).mean(axis=self.axes, keepdims=True)
        result = dys - dys.mean(axis=self.axes, keepdims=True) - normal * slope
        dx.overwrite(place)[...] = result / self.std
