"""BatchNorm (Ioffe and Szegedy 2015): y = (x - mean) / sqrt(variance + eps), per channel.

bottom  x, N x C x ... (one channel if there is one axis only)
top     y, shape of x; may be the same blob (in place)
param   batch_norm_param { use_global_stats: false moving_average_fraction: 0.999 eps: 1e-5 }

In TRAIN mean and variance are the batch's own; moving sums of them are kept in the parameter
blobs mean, variance and factor, the sum of their weights. In TEST (or wherever use_global_stats
says) they are mean / factor and variance / factor, and zero as long as the factor is. The
variance stored is the unbiased one, m / (m - 1) times the batch's. Scale and shift are the
Scale layer's work; Intel's use_weight_bias says nothing without its library.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.core.fusion import Fused
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array, Place
from caffepy.core.node import Node
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.kernels.operations.batch_norm import BatchNormKernel, BatchNormSpec
from caffepy.kernels.operations.normalize import NormalizeSpec
from caffepy.layers.common._normalized import FusedNormalization, normalization
from caffepy.proto import caffe_pb2


@register("BatchNorm", param="batch_norm_param")
class BatchNorm(Layer):
    inplace = True
    plans = (BatchNormSpec, NormalizeSpec)
    learns = ("mean", "variance", "factor")
    recordable = True
    same_place = True
    normalizes = True
    gathers = True
    harmless = ("use_weight_bias",)

    @classmethod
    def by_pixel(cls, spec: Any) -> bool:
        p = cls.own(spec)
        return bool(p.use_global_stats) or not p.HasField("use_global_stats")

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.given: bool = self.phase == caffe_pb2.TEST
        if self.p.HasField("use_global_stats"):
            self.given = self.p.use_global_stats
        if self.p.eps < 0:
            self.fail("eps must not be negative: a variance below it would have no root",
                      found=self.p.eps)
        self.channels = self._channels(bottom)
        for count in (self.channels, self.channels, 1):
            self.add_blob((count,))
        # statistics are not learned: the solver must leave them alone
        params = self.spec.param
        for index in range(len(self.blobs)):
            if index == len(params):
                params.add(lr_mult=0)
            elif params[index].lr_mult != 0:
                self.fail("batch normalization's statistics are not learned",
                          found=f"param {index} with lr_mult {params[index].lr_mult:g}",
                          allowed="lr_mult: 0", fix="Leave the param entries out.")

    def accept(self, given: list[Array | None]) -> list[Array | None]:
        """NVIDIA's scale_bias keeps two more: they may be left out where they do nothing."""
        if len(given) != len(self.blobs) + 2:
            return given
        *statistics, scale, bias = given
        if scale is None or bias is None or (scale != 1).any() or bias.any():
            self.fail("the file's layer has a scale and a bias, which this one has not",
                      kind=ShapeError, fix="Write batch_norm_param { scale_bias: true }.")
        return statistics

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x = bottom[0]
        if self._channels(bottom) != self.channels:
            self.fail("the number of channels cannot change", kind=ShapeError,
                      found=f"shape {x.shape}", allowed=f"{self.channels} channels")
        inplace = top[0] is x
        top[0].reshape_like(x)
        self.keeps = () if inplace or self.given else ("bottom",)
        self.kernel: BatchNormKernel = self.plan(BatchNormSpec(
            x.shape, self.p.eps, self.given, inplace, True, self.dtype.name
        ), self.kernel)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        mean, variance = self.statistics()
        self.kernel.forward(bottom[0].values, top[0].values, mean, variance)
        if not self.given:
            self.remember(mean, variance, bottom[0].count // self.channels)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if propagate_down[0]:
            self.kernel.backward(bottom[0].values, top[0].values, top[0].grads, bottom[0].grads)

    def _channels(self, bottom: Blobs) -> int:
        return 1 if bottom[0].ndim == 1 else bottom[0].shape[1]

    def fuse(self, chain: Sequence[Node], optimize: bool) -> Fused | None:
        parts = normalization(chain)
        if not optimize or parts is None or self.given or not parts.scale or chain[0].in_place:
            return None
        return FusedNormalization(parts, chain[: parts.length])

    def affine(self) -> tuple[Array, Array] | None:
        if not self.given or self.phase != caffe_pb2.TEST:
            return None
        mean, variance = (array.astype(np.float64) for array in self.statistics())
        factor = 1 / np.sqrt(variance + self.p.eps)
        return factor, -mean * factor

    def lacks_statistics(self) -> bool:
        return self.given and not self.blobs[2].values.read(Place.HOST).any()

    def statistics(self) -> tuple[Array, Array]:
        """Mean and variance as stored, or room for the batch's own."""
        if not self.given:
            empty = self.xp.empty
            return empty(self.channels, self.dtype), empty(self.channels, self.dtype)
        mean, variance, factor = (self.read(blob.values) for blob in self.blobs)
        weight = self.xp.where(factor == 0, 0, 1 / self.xp.where(factor == 0, 1, factor))
        return mean * weight, variance * weight

    def remember(self, mean: Array, variance: Array, m: int) -> None:
        """Take a batch's statistics, of ``m`` numbers a channel, into the moving sums."""
        sums = (self.write(blob.values) for blob in self.blobs)
        self.context.also(self._take_in, *sums, mean, variance, m)

    def _take_in(self, means: Array, variances: Array, factor: Array, mean: Array,
                 variance: Array, m: int) -> None:
        unbiased = variance * (m / (m - 1) if m > 1 else 1)
        for total, new in zip((means, variances, factor), (mean, unbiased, 1), strict=True):
            total *= self.p.moving_average_fraction
            total += new
