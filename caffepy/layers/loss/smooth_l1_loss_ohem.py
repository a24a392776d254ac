"""SmoothL1LossOHEM (R-FCN): the smooth L1 loss of boxes that tells the loss of each roi, too.

bottom  a and b, R x C (x H x W); optionally weights of the same shape
top     the loss; optionally the loss of each roi, R x 1 x H x W
param   loss_param { normalization: VALID }, which for this loss is FULL: R * H * W

d = weight * (a - b); h(d) = d^2 / 2 where |d| < 1, else |d| - 1/2; the loss is the sum of h by the
normalizer, and a roi's the sum over its channels. loss_param { normalization: PRE_FIXED
pre_fixed_normalizer: 128 } divides by that number. The gradient to a and b is +-h'(d), which is not
multiplied by the weights a second time, as the original has it; none comes from the second top.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.loss._loss import PRE_FIXED_WORDS, Normalized


@register("SmoothL1LossOHEM", dialect="rfcn")
class SmoothL1LossOHEM(Normalized):
    bottoms = "2-3"
    tops = "1-2"
    labels = (2,)
    obeys = PRE_FIXED_WORDS
    recordable = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        shape = bottom[0].shape
        if len(shape) < 2:
            self.fail("bottoms must have channels, their second axis", kind=ShapeError,
                      found=f"shape {shape}")
        for blob in bottom[1:]:
            if blob.shape != shape:
                self.fail("all bottoms must have the same shape", kind=ShapeError,
                          found=f"shapes {shape} and {blob.shape}")
        places = bottom[0].count // max(1, shape[1])
        self.divisor = self.normalizer(shape[0], places, places)
        if len(top) > 1:
            top[1].reshape(shape[0], 1, *(shape[2:] or (1, 1)))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        d = self.xp.abs(self._difference(bottom))
        losses = self.xp.where(d < 1, 0.5 * d * d, d - 0.5)
        self.set_loss(top, losses.sum(dtype=np.float64) / self.divisor)
        if len(top) > 1:
            self.overwrite(top[1].values)[...] = losses.sum(axis=1).reshape(top[1].shape)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        slope = self.xp.clip(self._difference(bottom), -1, 1) * (self.weight(top) / self.divisor)
        for blob, on, sign in zip(bottom, propagate_down[:2], (1, -1), strict=False):
            if on:
                self.overwrite(blob.grads)[...] = sign * slope

    def _difference(self, bottom: Blobs) -> Array:
        a, b, *weights = (self.read(blob.values) for blob in bottom)
        return (a - b) * weights[0] if weights else a - b
