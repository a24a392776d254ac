"""HingeLoss: a one-against-all hinge; m = max(0, 1 - s x), s = 1 at the label, else -1.

bottom  x, scores, N x C; labels 0 to C - 1, one for each item
top     the loss: L1, sum of m / N; L2, sum of m^2 / N
param   hinge_loss_param { norm: L1 }
V1      HINGE_LOSS

dx = -s * (1 where m > 0 for L1, 2 m for L2) * loss weight / N.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.layers.loss._loss import CLASSES, Loss, batch_size, item_labels


@register("HingeLoss", v1="HINGE_LOSS", param="hinge_loss_param")
class HingeLoss(Loss):
    keeps = ()
    integers = CLASSES

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x = self.read(bottom[0].values).reshape(batch_size(bottom[0]), -1)
        labels = item_labels(self, bottom[1], *x.shape)
        self.sign = self.xp.full_like(x, -1)
        self.sign[self.xp.arange(len(x)), labels] = 1
        self.margin = self.xp.maximum(0, 1 - self.sign * x)
        m = self.margin * self.margin if self.p.norm == self.p.L2 else self.margin
        self.set_loss(top, m.sum(dtype=np.float64) / len(x))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        slope = 2 * self.margin if self.p.norm == self.p.L2 else self.margin > 0
        dx = slope * self.sign * (-self.weight(top) / len(slope))
        self.overwrite(bottom[0].grads)[...] = dx.reshape(bottom[0].shape)
