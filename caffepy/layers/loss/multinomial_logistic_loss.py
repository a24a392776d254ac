"""MultinomialLogisticLoss: the mean of -log p[label], for probabilities that are already there.

bottom  p, probabilities, N x C; labels 0 to C - 1, one for each item
top     the loss
V1      MULTINOMIAL_LOGISTIC_LOSS (V0 "multinomial_logistic_loss")

dp = -loss weight / (N p) at the label, else 0. p is taken to be at least 1e-20. SoftmaxWithLoss
does the same from scores, and its gradient is more stable.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.layers.loss._loss import CLASSES, LOG_THRESHOLD, Loss, batch_size, item_labels


@register("MultinomialLogisticLoss", v1="MULTINOMIAL_LOGISTIC_LOSS",
          v0="multinomial_logistic_loss")
class MultinomialLogisticLoss(Loss):
    keeps = ()
    integers = CLASSES

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        p = self.read(bottom[0].values).reshape(batch_size(bottom[0]), -1)
        self.at_label = self.xp.arange(len(p)), item_labels(self, bottom[1], *p.shape)
        self.p_label = self.xp.maximum(p[self.at_label], LOG_THRESHOLD)
        self.set_loss(top, -self.xp.log(self.p_label).sum(dtype=np.float64) / len(p))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dp = self.overwrite(bottom[0].grads).reshape(len(self.p_label), -1)
        dp[...] = 0
        dp[self.at_label] = -self.weight(top) / len(dp) / self.p_label
