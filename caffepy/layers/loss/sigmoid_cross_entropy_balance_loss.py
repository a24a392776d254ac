"""SigmoidCrossEntropyBalanceLoss (HED, OSVOS): of edges and all else, the rarer count more.

bottom  x, scores of any shape; t, targets 0 and 1, of the same count
top     the loss
param   loss_weight alone

-(1 - s) log p where t is 1 and -s log(1 - p) where it is 0, p = 1 / (1 + e^-x), summed and divided
by N; s is the share of ones in the image, among ones and zeros. Other targets count nowhere, but
their gradient is p - t, as the original has it, which is no derivative.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.loss._loss import Loss, batch_size


@register("SigmoidCrossEntropyBalanceLoss", dialect="osvos")
class SigmoidCrossEntropyBalanceLoss(Loss):
    head = "Sigmoid"
    compares = "marks"
    recordable = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        if bottom[0].count != bottom[1].count:
            self.fail("there must be one target for each score", kind=ShapeError,
                      found=f"shapes {bottom[0].shape} and {bottom[1].shape}")
        self.items = batch_size(bottom[0])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp = self.xp
        x, t, one, zero = self._parts(bottom)
        # log(1 + e^x) - t x, written so that e^x cannot overflow
        losses = xp.maximum(x, 0) - x * t + xp.log1p(xp.exp(-xp.abs(x)))
        weighted = xp.where(one + zero > 0, losses * (one + zero), 0)
        self.set_loss(top, weighted.sum(dtype=np.float64) / self.items)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        xp = self.xp
        x, t, one, zero = self._parts(bottom)
        by = xp.where((t == 0) | (t == 1), one + zero, 1) * (self.weight(top) / self.items)
        dx = (0.5 * xp.tanh(0.5 * x) + 0.5 - t) * by
        self.overwrite(bottom[0].grads)[...] = dx.reshape(bottom[0].shape)

    def _parts(self, bottom: Blobs) -> tuple[Array, Array, Array, Array]:
        """Scores and targets, an image a row, and what ones and zeros count, each 0 elsewhere."""
        x, t = (self.read(blob.values).reshape(self.items, -1) for blob in bottom)
        ones, zeros = ((t == value).astype(x.dtype) for value in (1, 0))
        many = [part.sum(axis=1, keepdims=True) for part in (ones, zeros)]
        both = self.xp.maximum(many[0] + many[1], 1)
        return x, t, ones * (many[1] / both), zeros * (many[0] / both)
