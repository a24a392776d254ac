"""L1Loss: sum of |a - b| / N, for regression.

bottom  a and b, of one count and batch size N; optionally weights, as of EuclideanLoss
top     the loss

da = sign(a - b) * loss weight / N, db = -da. NVIDIA's (DetectNet). A layer with an l1_loss_param,
or with one bottom, is FlowNet's, which has a file of its own.
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.loss.euclidean_loss import EuclideanLoss


@register("L1Loss", dialect="nvidia")
class L1Loss(EuclideanLoss):
    def terms(self, d: Array) -> Array:
        return self.xp.abs(d)

    def slope(self, d: Array) -> Array:
        return self.xp.sign(d)
