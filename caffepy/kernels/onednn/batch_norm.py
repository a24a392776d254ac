"""Batch normalization without scale and shift, channels-last."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array
from caffepy.kernels.onednn.common import flat, runtime_of
from caffepy.kernels.onednn.runtime import Call
from caffepy.kernels.operations.batch_norm import BatchNormKernel, BatchNormSpec
from caffepy.kernels.table import implements

USE_GIVEN_STATISTICS, USE_SCALE, USE_SHIFT, FUSE_RELU = 1, 2, 4, 8  # oneDNN's flags


@implements("shape", "eps", "given", "inplace", "training")
class BatchNorm(BatchNormKernel):
    """y = (x - mean) / sqrt(variance + eps).

    Backward needs x and the statistics. They are kept in buffers of the kernel, x only where y
    overwrites it.
    """

    engine = "onednn"

    def __init__(self, spec: BatchNormSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.runtime = runtime = runtime_of(owner, spec.shape)
        shape = spec.shape
        channels = shape[1] if len(shape) > 1 else 1
        if len(shape) == 4:
            self.place, layout = Place.HOST_LAST, runtime.last(shape)
        elif len(shape) <= 2:  # a matrix is channels-last already
            self.place, layout = Place.HOST, runtime.last((shape[0], channels, 1, 1))
        else:
            self.place = Place.HOST
            layout = runtime.plain((shape[0], channels, 1, math.prod(shape[2:])))
        flag = USE_GIVEN_STATISTICS if spec.given else 0
        chosen = runtime.choose("batch_normalization_forward", api.TRAINING, layout, layout,
                                spec.eps, flag)
        back = runtime.choose("batch_normalization_backward", api.BACKWARD_DATA, layout, layout,
                              layout, spec.eps, flag, chosen)
        self._detail = f"{layout} {chosen.implementation}, backward {back.implementation}"
        self.mean = np.zeros(channels, np.float32)
        self.variance = np.zeros(channels, np.float32)
        line = runtime.plain((channels,))
        statistics = [(api.MEAN, line, self.mean), (api.VARIANCE, line, self.variance)]
        self._forward = chosen.call((api.SRC, layout), (api.DST, layout), fixed=statistics)
        self._backward = back.call((api.SRC, layout), (api.DIFF_DST, layout),
                                   (api.DIFF_SRC, layout), fixed=statistics)
        self.keep = spec.inplace and spec.training and not spec.given

    @cached_property
    def _kept(self) -> Array:
        """x, before y takes its place."""
        return api.empty_bytes(4 * math.prod(self.spec.shape)).view(np.float32)

    @cached_property
    def _copy(self) -> Call:
        line = flat(self.runtime, self.spec.shape)
        return self.runtime.reorder(line, line)

    @property
    def detail(self) -> str:
        return self._detail

    def forward(self, x: Tensor, y: Tensor, mean: np.ndarray, variance: np.ndarray) -> None:
        given = self.spec.given
        if given:
            self.mean[...] = mean.reshape(-1)
            self.variance[...] = variance.reshape(-1)
        xs: Array = x.read(self.place)
        if self.keep:
            self._copy(xs, self._kept)
            xs = self._kept
        self._forward(xs, y.overwrite(self.place))
        if not given:
            mean[...] = self.mean.reshape(mean.shape)
            variance[...] = self.variance.reshape(variance.shape)

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        dys = dy.read(self.place)
        if self.spec.given:
            xs = dys  # x has no part in it, and may be gone
        else:
            xs = self._kept if self.keep else x.read(self.place)
        self._backward(xs, dys, dx.overwrite(self.place))
