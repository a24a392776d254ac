"""SoftmaxWithLossOHEM (R-FCN): SoftmaxWithLoss that tells the loss of each roi, too.

bottom  x, scores, such as R x C; labels 0 to C - 1, one for each roi
top     the loss; optionally p, shape of x; optionally the loss of each roi, shape of the labels
param   softmax_param { axis: 1 }, loss_param { normalization: VALID }, ignore_label to skip some

loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 128 } divides by that number. No
gradient comes from further tops. A roi with ignore_label has the loss 0. Of three tops the second
is 0, since the original writes p if there are just two.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.kernels.reference.softmax_loss import FLT_MIN
from caffepy.layers.loss._loss import PRE_FIXED_WORDS
from caffepy.layers.loss.softmax_with_loss import SoftmaxWithLoss


@register("SoftmaxWithLossOHEM", param="softmax_param", dialect="rfcn")
class SoftmaxWithLossOHEM(SoftmaxWithLoss):
    bottoms = "2"
    tops = "1-3"
    labels = (1,)
    obeys = PRE_FIXED_WORDS

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top if len(top) < 3 else top[:1])
        for blob, like in zip(top[1:] if len(top) > 2 else (), bottom, strict=False):
            blob.reshape_like(like)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        super().forward(bottom, top)
        if len(top) > 2:
            self.overwrite(top[1].values)[...] = 0
            self.overwrite(top[2].values)[...] = self._each(bottom).reshape(top[2].shape)

    def _each(self, bottom: Blobs) -> Array:
        """The loss of each position."""
        xp, at = self.xp, self.at
        if self.targets.asked:
            return self.targets.losses
        labels = self.read(bottom[1].values).reshape(at.one_label)
        if self.ignore_label is not None:
            counts = xp.trunc(labels) != self.ignore_label
            labels = xp.where(counts, labels, 0)
        p = xp.take_along_axis(self.read(self.probabilities.values), labels.astype(np.int64),
                               at.axis)
        losses = -xp.log(xp.maximum(p, FLT_MIN))
        return losses if self.ignore_label is None else losses * counts
