"""SigmoidCrossEntropyLoss: -(t log p + (1 - t) log(1 - p)), p = 1 / (1 + e^-x), summed.

bottom  x, scores of any shape; t, targets in [0, 1], of the same count; optionally weights w, for
        each number, each place (N x 1 x H x W) or each item
top     the loss
param   loss_param: unlike other losses it is divided by the BATCH_SIZE unless told otherwise
V1      SIGMOID_CROSS_ENTROPY_LOSS

dx = w (p - t) * loss weight / normalizer, 0 where the target is ignore_label. With weights VALID
divides by the sum of those that count, and at least by 1. Soft labels, as mixup makes them, are
targets like others: loss_param { soft_labels: true } changes nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.loss._loss import BATCH_SIZE, Normalized, batch_size, number_weights


@register("SigmoidCrossEntropyLoss", v1="SIGMOID_CROSS_ENTROPY_LOSS")
class SigmoidCrossEntropyLoss(Normalized):
    head = "Sigmoid"
    bottoms = "2-3"
    labels = (1, 2)
    compares = "marks"
    default_mode = BATCH_SIZE
    obeys = ("loss_param.soft_labels",)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        # else it counts what is not ignored, or looks at weights, on the host
        self.recordable = self.ignore_label is None and len(bottom) < 3

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
        valid: float = x.size
        self.factor = number_weights(self, bottom)
        if self.ignore_label is not None:
            counts = xp.trunc(t) != self.ignore_label
            self.factor = counts if self.factor is None else counts * self.factor
            losses = xp.where(counts, losses, 0)
        if self.factor is not None:
            losses = losses * self.factor
            valid = float(xp.broadcast_to(self.factor, x.shape).sum(dtype=np.float64))
        self.divisor = self.normalizer(batch_size(bottom[0]), x.size, valid)
        self.set_loss(top, losses.sum(dtype=np.float64) / self.divisor)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        x, t = self.scores_and_targets(bottom)
        dx = self.overwrite(bottom[0].grads)
        dx[...] = (0.5 * self.xp.tanh(0.5 * x) + 0.5 - t) * (self.weight(top) / self.divisor)
        if self.factor is not None:
            dx *= self.factor
