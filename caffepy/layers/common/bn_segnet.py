"""BN (SegNet, DeconvNet, ENet): normalization by the batch's statistics, or none that is left.

bottom  x, N x C x ...
top     y, shape of x; may be the same blob (in place); optionally the batch's mean and variance
param   bn_param { scale_filler { } shift_filler { } bn_mode: LEARN }
V1      BN

LEARN takes the statistics of the batch, in TEST, too: y = scale * (x - mean) / sqrt(variance +
1e-9) + shift. For INFERENCE they have been folded into both parameters: y = scale * x + shift.
Known by its words, or by two parameters or several tops.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.common._bn import BNLayer
from caffepy.layers.common.bn_ctpn import CTPNBN


@register("BN", v1="BN", param="bn_param", dialect="segnet")
class SegNetBN(BNLayer):
    known_by = ("scale_filler, shift_filler or bn_mode, two blobs, or several tops, and no word of "
                "CTPN's")
    tops = "1-3"
    learns = ("scale", "shift")
    words = ("scale", "shift")
    obeys = ("bn_param.scale_filler", "bn_param.shift_filler", "bn_param.bn_mode")

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        p = spec.bn_param
        own = any(map(p.HasField, ("scale_filler", "shift_filler", "bn_mode")))
        return not CTPNBN.speaks(spec) and (own or len(spec.blobs) == 2 or len(spec.top) > 1)

    def settings(self) -> tuple[bool, float]:
        given = self.p.bn_mode == self.p.INFERENCE
        return given, 0.0 if given else 1e-9

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        if self.given and len(top) > 1:
            self.fail("with bn_mode: INFERENCE there are no statistics for further tops",
                      found=f"{len(top)} tops")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        self.told = top[1:]
        for blob in self.told:
            blob.reshape(1, self.channels, 1, 1)

    def statistics(self) -> tuple[Array, Array]:
        return self.xp.zeros(self.channels, self.dtype), self.xp.ones(self.channels, self.dtype)

    def remember(self, mean: Array, variance: Array) -> None:
        for blob, values in zip(self.told, (mean, variance), strict=False):
            self.overwrite(blob.values)[...] = values.reshape(blob.shape)

    def accept(self, given: list[Array | None]) -> list[Array | None]:
        if len(given) == 4:
            self.fail("the file's BN has four parameters: it is none of SegNet's",
                      fix="Take scale_filler, shift_filler and bn_mode out of bn_param. What they "
                          "say is called slope_filler and bias_filler there.")
        return super().accept(given)
