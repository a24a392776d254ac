"""Batch normalization without scale and shift, channels-last."""

from __future__ import annotations

import math

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array
from caffepy.kernels.onednn.common import STORED, flat, room, runtime_of
from caffepy.kernels.operations.batch_norm import BatchNormKernel, BatchNormSpec
from caffepy.kernels.table import implements

USE_GIVEN_STATISTICS, USE_SCALE, USE_SHIFT, FUSE_RELU = 1, 2, 4, 8  # oneDNN's flags


class _Left:
    """The statistics of C channels, and room for x."""

    def __init__(self, channels: int, x: Array) -> None:
        self.mean, self.variance = np.zeros((2, channels), np.float32)
        self.x = x


@implements("shape", "eps", "given", "inplace", "training")
class BatchNorm(BatchNormKernel):
    """y = (x - mean) / sqrt(variance + eps).

    Backward needs x and the statistics, which are left in buffers, x only where y overwrites it.
    """

    engine = "onednn"
    left: _Left | None

    def __init__(self, spec: BatchNormSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.runtime = runtime = runtime_of(self, spec.shape, types=STORED)
        shape = spec.shape
        channels = shape[1] if len(shape) > 1 else 1
        if len(shape) == 4:
            place, layout = Place.HOST_LAST, runtime.last(shape, spec.dtype)
        elif len(shape) <= 2:  # a matrix is channels-last already
            place = Place.HOST
            layout = runtime.last((shape[0], channels, 1, 1), spec.dtype)
        else:
            place = Place.HOST
            layout = runtime.plain((shape[0], channels, 1, math.prod(shape[2:])), spec.dtype)
        self.place = place.holding(spec.dtype)
        flag = USE_GIVEN_STATISTICS if spec.given else 0
        chosen = runtime.choose("batch_normalization_forward", api.TRAINING, layout, layout,
                                spec.eps, flag)
        back = runtime.choose("batch_normalization_backward", api.BACKWARD_DATA, layout, layout,
                              layout, spec.eps, flag, chosen)
        self._detail = f"{layout} {chosen.implementation}, backward {back.implementation}"
        self.channels = channels
        line = runtime.plain((channels,))
        statistics = [(api.MEAN, line), (api.VARIANCE, line)]
        self._forward = chosen.call((api.SRC, layout), (api.DST, layout), *statistics)
        self._backward = back.call((api.SRC, layout), (api.DIFF_DST, layout),
                                   (api.DIFF_SRC, layout), *statistics)
        self.keep = spec.inplace and spec.training and not spec.given
        numbers = flat(runtime, shape, spec.dtype)
        self._copy = runtime.reorder(numbers, numbers) if self.keep else None

    def _leaving(self) -> _Left:
        if self.left is None:
            shape = self.spec.shape if self.keep else (0,)
            self.left = _Left(self.channels, room(shape, self.spec.dtype))
        return self.left

    @property
    def detail(self) -> str:
        return self._detail

    def forward(self, x: Tensor, y: Tensor, mean: np.ndarray, variance: np.ndarray) -> None:
        given, left = self.spec.given, self._leaving()
        also = self.runtime.also
        if given:
            also(np.copyto, left.mean, mean.reshape(-1))
            also(np.copyto, left.variance, variance.reshape(-1))
        xs: Array = x.read(self.place)
        if self._copy:  # before y takes its place
            self._copy(xs, left.x)
            xs = left.x
        self._forward(xs, y.overwrite(self.place), left.mean, left.variance)
        if not given:
            also(np.copyto, mean, left.mean.reshape(mean.shape))
            also(np.copyto, variance, left.variance.reshape(variance.shape))

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        dys, left = dy.read(self.place), self._leaving()
        if self.spec.given:
            xs = dys  # x has no part in it, and may be gone
        else:
            xs = left.x if self.keep else x.read(self.place)
        self._backward(xs, dys, dx.overwrite(self.place), left.mean, left.variance)
