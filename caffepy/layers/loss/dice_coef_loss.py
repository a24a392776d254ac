"""DiceCoefLoss (JAA-Net): 1 - the mean over items of (2 sum of a b + s) / (sum of a^2 + b^2 + s).

bottom  a and b, N x ..., of the same count
top     the loss
param   dice_coef_loss_param { smooth: 1 }, which is s

Both bottoms get gradients. They are not divided by N, as the original has it: the derivative of
the sum over items.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.loss._loss import Loss, batch_size


@register("DiceCoefLoss", param="dice_coef_loss_param", dialect="jaa")
class DiceCoefLoss(Loss):
    labels = ()
    recordable = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        if bottom[0].count != bottom[1].count:
            self.fail("both bottoms must have as many numbers", kind=ShapeError,
                      found=f"shapes {bottom[0].shape} and {bottom[1].shape}")
        self.items = batch_size(bottom[0])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        _, _, shared, all_ = self._sums(bottom)
        self.set_loss(top, 1 - (shared / all_).mean(dtype=np.float64))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        a, b, shared, all_ = self._sums(bottom)
        by = 2 * self.weight(top) / all_
        for blob, on, own, other in zip(bottom, propagate_down, (a, b), (b, a), strict=True):
            if on:
                dx = (own * (shared / all_) - other) * by
                self.overwrite(blob.grads)[...] = dx.reshape(blob.shape)

    def _sums(self, bottom: Blobs) -> tuple[Array, Array, Array, Array]:
        """Both bottoms, an item a row, and numerator and denominator of each."""
        a, b = (self.read(blob.values).reshape(self.items, -1) for blob in bottom)
        smooth = self.p.smooth
        return (a, b, 2 * (a * b).sum(axis=1, keepdims=True) + smooth,
                (a * a + b * b).sum(axis=1, keepdims=True) + smooth)
