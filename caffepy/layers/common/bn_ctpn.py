"""BN (CTPN's fork): the older form, whose moving statistics are for those who ask for them.

bottom  x, N x C x ...
top     y, shape of x; may be the same blob (in place)
param   bn_param { scale_filler { } shift_filler { } var_eps: 1e-10 moving_average: false
        decay: 0.05 }

In TRAIN mean and variance are the batch's own, and moving = (1 - decay) * moving + decay * batch.
In TEST they are the moving ones with moving_average, else the batch's own. Known by one of the
words var_eps, moving_average and decay.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.common._bn import BNLayer
from caffepy.proto import caffe_pb2

WORDS = ("var_eps", "moving_average", "decay")


@register("BN", param="bn_param", dialect="ctpn")
class CTPNBN(BNLayer):
    known_by = "var_eps, moving_average or decay"
    gathers = True
    learns = ("scale", "shift", "mean", "variance")
    words = ("scale", "shift")
    obeys = ("bn_param.scale_filler", "bn_param.shift_filler",
             *(f"bn_param.{word}" for word in WORDS))

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        return any(map(spec.bn_param.HasField, WORDS))

    def settings(self) -> tuple[bool, float]:
        eps = self.p.var_eps if self.p.HasField("var_eps") else 1e-10
        return self.phase == caffe_pb2.TEST and self.p.moving_average, eps

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        self.add_moving(0.0)
        self.decay = self.p.decay if self.p.HasField("decay") else 0.05

    def statistics(self) -> tuple[Array, Array]:
        return self.moving()

    def remember(self, mean: Array, variance: Array) -> None:
        if self.phase == caffe_pb2.TRAIN:
            self.move(mean, variance, self.decay)
