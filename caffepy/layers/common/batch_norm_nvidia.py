"""BatchNorm with scale_bias: normalization, scale and bias in one, as NVIDIA's fork has it.

bottom  x, N x C x ...
top     y, shape of x: scale * (x - mean) / sqrt(variance + eps) + bias for each channel; may be the
        same blob (in place)
param   batch_norm_param { scale_bias: true scale_filler { } bias_filler { } eps: 1e-5
        moving_average_fraction: 0.999 use_global_stats: false }
learns  mean, variance and factor, as in BatchNorm; scale and bias

A scale_filler or bias_filler says scale_bias, too; without one they start as 1 and 0. An eps below
1e-5 counts as that. The stored statistics are moving means here, not sums: after the first batch
old * fraction + new * (1 - fraction), with a factor of 1, so files go both ways. A file of three
parameters leaves scale and bias as they are. Unlike NVIDIA's, use_global_stats counts in TRAIN,
and param's fourth and fifth multipliers are followed.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array, Place
from caffepy.core.registry import register
from caffepy.layers.common._bn import BNLayer
from caffepy.proto import caffe_pb2

LEAST_EPS = 1e-5


@register("BatchNorm", dialect="nvidia", param="batch_norm_param")
class BatchNormNVIDIA(BNLayer):
    learns = ("mean", "variance", "factor", "scale", "bias")
    words = ("scale", "bias")
    at = slice(3, 5)
    gathers = True
    known_by = "scale_bias, scale_filler, or bias_filler without Intel's filler"
    obeys = ("scale_bias", "scale_filler", "bias_filler")

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        p = spec.batch_norm_param
        intels = p.HasField("filler") or p.HasField("use_weight_bias")
        return p.scale_bias or p.HasField("scale_filler") or (
            p.HasField("bias_filler") and not intels)

    def settings(self) -> tuple[bool, float]:
        given = self.phase == caffe_pb2.TEST
        if self.p.HasField("use_global_stats"):
            given = self.p.use_global_stats
        return given, self.p.eps if self.p.eps < 0 else max(self.p.eps, LEAST_EPS)

    def add_parameters(self) -> None:
        for count in (self.channels, self.channels, 1):
            self.add_blob((count,))
        self.add_learned((self.channels,))
        params = self.spec.param  # statistics are not learned: the solver must leave them alone
        while len(params) < 3:
            params.add()
        for param in params[:3]:
            param.lr_mult = param.decay_mult = 0

    def accept(self, given: list[Array | None]) -> list[Array | None]:
        """Scale and bias may be missing."""
        return super().accept(given + [None] * (5 - len(given)) if len(given) == 3 else given)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        self.m = bottom[0].count // self.channels

    def lacks_statistics(self) -> bool:
        return self.given and not self.blobs[2].values.read(Place.HOST).any()

    def statistics(self) -> tuple[Array, Array]:
        mean, variance, factor = (self.read(blob.values) for blob in self.blobs[:3])
        weight = self.xp.where(factor == 0, 0, 1 / self.xp.where(factor == 0, 1, factor))
        return mean * weight, variance * weight

    def remember(self, mean: Array, variance: Array) -> None:
        """The first batch's statistics are taken as they are."""
        unbiased = variance * (self.m / (self.m - 1) if self.m > 1 else 1)
        old = self.statistics()
        factor = self.write(self.blobs[2].values)
        share = self.xp.where(factor == 0, 1, 1 - self.p.moving_average_fraction)
        for blob, before, new in zip(self.blobs, old, (mean, unbiased), strict=False):
            self.overwrite(blob.values)[...] = before + share * (new - before)
        factor[...] = 1
