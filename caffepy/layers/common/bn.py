"""BN (yjxiong's fork, PSPNet): BatchNorm and Scale in one, as TSN, PSPNet and GBD have it.

bottom  x, N x C x ...
top     y, shape of x; may be the same blob (in place)
param   bn_param { slope_filler { } bias_filler { } momentum: 0.9 eps: 1e-5 frozen: false }

In TRAIN mean and variance are the batch's own; moving ones are kept in the third and fourth
parameter, moving = momentum * moving + (1 - momentum) * batch, without a factor. TEST, and frozen
in either phase, takes these. Frozen parameters do not learn. Known by what SegNet's and CTPN's BN
have not; happynear's has the same words, but its fourth parameter is 1 / sqrt(variance + eps).
"""

from __future__ import annotations

import numpy as np

from caffepy import log
from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.common._bn import BNLayer
from caffepy.proto import caffe_pb2

logger = log.get(__name__)


@register("BN", param="bn_param", dialect="pspnet")
class BN(BNLayer):
    gathers = True
    learns = ("slope", "bias", "mean", "variance")

    def settings(self) -> tuple[bool, float]:
        self.frozen = self.p.frozen
        eps = self.p.eps if self.p.HasField("eps") else 1e-5
        return self.frozen or self.phase == caffe_pb2.TEST, eps

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        self.add_moving(1.0 if self.frozen else 0.0)
        self.momentum = self.p.momentum if self.p.HasField("momentum") else 0.9

    def statistics(self) -> tuple[Array, Array]:
        return self.moving()

    def remember(self, mean: Array, variance: Array) -> None:
        self.move(mean, variance, 1 - self.momentum)

    def accept(self, given: list[Array | None]) -> list[Array | None]:
        if len(given) == 2:
            self.fail("the file's BN has two parameters: it is SegNet's",
                      fix="Say so in the net: bn_param { bn_mode: LEARN }, or INFERENCE.")
        if len(given) == 4 and given[2] is not None and given[3] is not None:
            self._look(np.abs(given[2]), given[3])
        return super().accept(given)

    def _look(self, mean: Array, variance: Array) -> None:
        """Means of ordinary size beside large variances: in happynear's form they are none."""
        deviation = float(np.median(variance))
        if deviation > 10 and float(np.median(mean)) < 0.1 * deviation**0.5:
            logger.warning(
                "%s: parameter 3 (about %.3g) is taken as variances. In nets of happynear's fork "
                "and of L-Softmax's it is 1 / sqrt(variance + eps); if this is one, write "
                "1 / blob^2 - eps into it.", self.place_name, deviation)
