"""Pooling: a loop over the cells of the window, vectorised over the windows."""

from __future__ import annotations

import functools

import numpy as np

from caffepy.core.memory import Array, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.operations.pooling import PoolingKernel, PoolingSpec
from caffepy.kernels.reference.windows import Windows
from caffepy.kernels.table import implements

LOWEST = -float(np.finfo(np.float32).max)  # where the search for a maximum starts


@implements("method", "x", "y", "kernel", "stride", "pad", "training", "end", "inside")
class Pooling(PoolingKernel):
    """The largest or the mean of each window."""

    engine = "reference"
    left: Array  # of each window, the cell that won; -1 for none

    def __init__(self, spec: PoolingSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        dilation = (1,) * len(spec.kernel)
        self.windows = Windows(spec.kernel, spec.stride, spec.pad, dilation, spec.y[2:])
        self.area = owner.xp.asarray(window_areas(spec), spec.dtype)

    def forward(self, x: Tensor, y: Tensor, mask: Tensor | None = None) -> None:
        xp, place = self.owner.xp, self.owner.place
        xs, ys = x.read(place), y.overwrite(place)
        if self.spec.method == "ave":
            padded = self.windows.padded(xp, xs)
            ys[...] = 0
            for offset in self.windows.offsets():
                ys += self.windows.at(padded, offset)
            ys /= self.area
            return
        padded = self.windows.padded(xp, xs, fill=-np.inf)
        ys[...] = LOWEST
        if not self.spec.training and mask is None:
            for offset in self.windows.offsets():
                xp.fmax(ys, self.windows.at(padded, offset), out=ys)
            return
        winner = xp.zeros(ys.shape, np.int32)  # counted from 1; 0 while nothing has won
        for index, offset in enumerate(self.windows.offsets(), start=1):
            cell = self.windows.at(padded, offset)
            better = cell > ys  # never true for not-a-number, which the original passes over too
            xp.fmax(ys, cell, out=ys)
            # a later winner has the larger index: three times as fast here as a masked copy
            xp.maximum(winner, better * np.int32(index), out=winner)
        self.left = winner - 1
        if mask is not None:
            mask.overwrite(place)[...] = self._positions(self.left)

    def backward(self, dy: Tensor, dx: Tensor) -> None:
        xp, place = self.owner.xp, self.owner.place
        dys = dy.read(place)
        padded = self.windows.zeros(xp, self.spec.x, dys.dtype)
        if self.spec.method == "ave":
            share = dys / self.area
            for offset in self.windows.offsets():
                self.windows.at(padded, offset)[...] += share
        else:
            for index, offset in enumerate(self.windows.offsets()):
                self.windows.at(padded, offset)[...] += xp.where(self.left == index, dys, 0)
        dx.overwrite(place)[...] = self.windows.inner(padded, self.spec.x)

    def _positions(self, winner: Array) -> Array:
        """h * W + w of each window's winner, -1 where every cell lost."""
        xp, s = self.owner.xp, self.spec
        behind: tuple[int, ...] = ()
        position, rest, size = 0, winner, 1
        for axis in reversed(range(len(s.kernel))):  # the last moves fastest
            start = xp.arange(s.y[2 + axis]) * s.stride[axis] - s.pad[axis]
            cell = start.reshape(-1, *behind) + rest % s.kernel[axis]
            position = position + cell * size
            rest, size, behind = rest // s.kernel[axis], size * s.x[2 + axis], (*behind, 1)
        return xp.where(winner < 0, -1, position)


def window_areas(spec: PoolingSpec) -> np.ndarray:
    """What a mean divides by, of the shape of y's spatial axes: the window's area clipped at
    height + pad, or at the input itself."""
    sides: list[np.ndarray] = []
    none = (0,) * len(spec.kernel)
    before, behind = (none, none) if spec.inside else (spec.pad, spec.end or spec.pad)
    for axis in range(len(spec.kernel)):
        start = np.arange(spec.y[2 + axis]) * spec.stride[axis] - spec.pad[axis]
        end = np.minimum(start + spec.kernel[axis], spec.x[2 + axis] + behind[axis])
        sides.append(end - np.maximum(start, -before[axis]))
    return functools.reduce(np.multiply.outer, sides)
