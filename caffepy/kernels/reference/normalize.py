"""Batch normalization, scale, shift and ReLU in one kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from caffepy.core.memory import Array, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.operations.normalize import NormalizeKernel, NormalizeSpec
from caffepy.kernels.reference.order import follow
from caffepy.kernels.table import implements


class _Left(NamedTuple):
    mean: Array
    std: Array


@implements("shape", "eps", "relu")
class Normalize(NormalizeKernel):
    """n = (x - mean) / std with std = sqrt(variance + eps); y = n * s + b, then max(y, 0).

    With e = dy where y > 0: ds = sum(e * n), db = sum(e) and
    dx = s / std * (e - mean(e) - n * mean(e * n)).
    """

    engine = "reference"
    left: _Left

    def __init__(self, spec: NormalizeSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        axes = range(len(spec.shape))
        self.axes = tuple(a for a in axes if a != 1)
        self.own = tuple(d if a == 1 else 1 for a, d in enumerate(spec.shape))

    def forward(self, x: Tensor, s: Tensor, b: Tensor | None, y: Tensor,
                mean: np.ndarray, variance: np.ndarray) -> None:
        home, place = self.owner.place, follow(self, x)
        xs = x.read(place)
        centre = xs.mean(axis=self.axes, keepdims=True)
        centred = xs - centre
        mean[...] = centre.reshape(mean.shape)
        variance[...] = (centred * centred).mean(axis=self.axes)
        std = self.owner.xp.sqrt(variance.reshape(self.own) + self.spec.eps).astype(xs.dtype)
        self.left = _Left(centre, std)
        result = centred / std * s.read(home).reshape(self.own)
        if b is not None:
            result += b.read(home).reshape(self.own)
        y.overwrite(place)[...] = result.clip(min=0) if self.spec.relu else result

    def backward(self, x: Tensor, s: Tensor, y: Tensor, dy: Tensor, dx: Tensor,
                 ds: Tensor | None, db: Tensor | None) -> None:
        place = follow(self, dy)
        e = dy.read(place)
        if self.spec.relu:
            e = e * (y.read(place) > 0)
        mean, std = self.left
        normal = (x.read(place) - mean) / std
        slope, level = (e * normal).sum(axis=self.axes), e.sum(axis=self.axes)
        for target, sums in ((ds, slope), (db, level)):
            if target is not None:
                total, add = target.accumulate(self.owner.place)
                total[...] = total + sums if add else sums
        m = e.size // len(level)
        result = e - (level / m).reshape(self.own) - normal * (slope / m).reshape(self.own)
        result *= s.read(self.owner.place).reshape(self.own) / std
        dx.overwrite(place)[...] = result
