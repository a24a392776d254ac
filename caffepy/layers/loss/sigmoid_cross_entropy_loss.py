"""SigmoidCrossEntropyLoss: -(t log p + (1 - t) log(1 - p)), p = 1 / (1 + e^-x), summed.

bottom  x, scores of any shape; t, targets in [0, 1], of the same count
top     the loss
param   loss_param: unlike other losses it is divided by the BATCH_SIZE unless told otherwise
V1      SIGMOID_CROSS_ENTROPY_LOSS

dx = (p - t) * loss weight / normalizer, 0 where the target is ignore_label.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.loss._loss import BATCH_SIZE, Normalized, batch_size


@register("SigmoidCrossEntropyLoss", v1="SIGMOID_CROSS_ENTROPY_LOSS")
class SigmoidCrossEntropyLoss(Normalized):
    head = "Sigmoid"
    default_mode = BATCH_SIZE

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        self.recordable = self.ignore_label is None  # else it counts what is not ignored

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        if bottom[0].count != bottom[1].count:
            self.fail("there must be one target for each score", kind=ShapeError,
                      found=f"shapes {bottom[0].shape} and {bottom[1].shape}")

    def scores_and_targets(self, bottom: Blobs) -> tuple[Array, Array]:
        x = self.read(bottom[0].values)
        return x, self.read(bottom[1].values).reshape(x.shape)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp = self.xp
        x, t = self.scores_and_targets(bottom)
        # log(1 + e^x) - t x, written so that e^x cannot overflow
        losses = xp.maximum(x, 0) - x * t + xp.log1p(xp.exp(-xp.abs(x)))
        valid = x.size
        self.counts = None
        if self.ignore_label is not None:
            self.counts = xp.trunc(t) != self.ignore_label
            losses = losses[self.counts]
            valid = int(self.counts.sum())
        self.divisor = self.normalizer(batch_size(bottom[0]), x.size, valid)
        self.set_loss(top, losses.sum(dtype=np.float64) / self.divisor)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        x, t = self.scores_and_targets(bottom)
        dx = self.overwrite(bottom[0].grads)
        dx[...] = (0.5 * self.xp.tanh(0.5 * x) + 0.5 - t) * (self.weight(top) / self.divisor)
        if self.counts is not None:
            dx *= self.counts
