"""L1Loss: sum of |a - b| / N, for regression.

bottom  a and b, of one count and batch size N
top     the loss

da = sign(a - b) * loss weight / N, db = -da. NVIDIA's (DetectNet). A layer with an l1_loss_param,
or with one bottom, is FlowNet's, which has a file of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.layers.loss._loss import batch_size
from caffepy.layers.loss.euclidean_loss import EuclideanLoss


@register("L1Loss", dialect="nvidia")
class L1Loss(EuclideanLoss):
    def forward(self, bottom: Blobs, top: Blobs) -> None:
        d = self.difference(bottom)
        self.set_loss(top, self.xp.abs(d).sum(dtype=np.float64) / batch_size(bottom[0]))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        scale = self.weight(top) / batch_size(bottom[0])
        da = self.xp.sign(self.difference(bottom)) * scale
        for blob, sign, wanted in zip(bottom, (1, -1), propagate_down, strict=True):
            if wanted:
                self.overwrite(blob.grads)[...] = (sign * da).reshape(blob.shape)
