"""SmoothL1Loss: how far two blobs are apart, where far-off numbers count straight, not squared.

bottom  a and b, N x ..., of one shape; optionally inside weights, and outside weights
top     the loss; optionally the sum over the channels for each place, N x 1 x H x W
param   smooth_l1_loss_param { sigma: 1 }; loss_param

loss = sum of outside * h(inside * (a - b)) / N, with h of _smooth_l1.py. da = outside * inside * h'
* loss weight / N, db = -da: gradients flow to both. Faster R-CNN's, with both weights or none;
SSD's is the same without weights and sigma. Three forks have inside weights alone: Fast R-CNN and
R-FCN leave them out of the gradient, which for weights of 0 and 1 is no difference; with a
smooth_l1_loss_param the layer is Synopsys', where they count. Its abssum adds up absolute values,
which makes a difference where outside weights are negative.

R-FCN's, which has a loss_param or a second top, divides by what loss_param says: VALID or FULL are
all places, N H W; PRE_FIXED is pre_fixed_normalizer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.detection import _smooth_l1
from caffepy.layers.loss._loss import PRE_FIXED, PRE_FIXED_WORDS, Normalized, batch_size


class SmoothL1(Normalized):
    """What the two types share."""

    bottoms = "2-4"
    tops = "1-2"
    labels: tuple[int, ...] = (2, 3)
    compares = "numbers"
    recordable = True
    obeys = PRE_FIXED_WORDS
    places = False  # whether loss_param says what to divide by; else it is N

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        p = self.spec.loss_param
        if self.mode == PRE_FIXED and not p.HasField("pre_fixed_normalizer"):
            self.fail("normalization: PRE_FIXED needs pre_fixed_normalizer")
        sigma = self.p.sigma if self.p is not None else 1.0
        if sigma <= 0:
            self.fail("sigma must be above 0", found=f"{sigma:g}")
        self.s2 = sigma * sigma
        # R-FCN's and Fast R-CNN's do not multiply by inside weights again
        self.again = len(bottom) == 4 or self.spec.HasField("smooth_l1_loss_param")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        for blob in bottom[1:]:
            if blob.count != bottom[0].count:
                self.fail("all bottoms must hold equally many numbers", kind=ShapeError,
                          found=f"shapes {', '.join(str(b.shape) for b in bottom)}")
        shape = bottom[0].shape
        n, places = batch_size(bottom[0]), int(np.prod(shape[2:]))
        self.divisor = float(n)
        if self.places:
            self.divisor = self.normalizer(n, n * places, n * places)
        if len(top) > 1:
            self.each = (n, shape[1] if len(shape) > 1 else 1, places)
            top[1].reshape(n, 1, *(*shape[2:], 1, 1)[:2])

    def difference(self, bottom: Blobs) -> Array:
        """inside * (a - b), in the shape of a."""
        a, b, *inside = (self.read(blob.values).reshape(bottom[0].shape) for blob in bottom[:3])
        return inside[0] * (a - b) if inside else a - b

    def weights(self, bottom: Blobs, index: int) -> Array:
        return self.read(bottom[index].values).reshape(bottom[0].shape)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        losses = _smooth_l1.losses(self.xp, self.difference(bottom), self.s2)
        if len(bottom) > 3:
            losses = losses * self.weights(bottom, 3)
        total = self.xp.abs(losses) if self.p is not None and self.p.abssum else losses
        self.set_loss(top, total.sum(dtype=np.float64) / self.divisor)
        if len(top) > 1:
            self.overwrite(top[1].values)[...] = losses.reshape(self.each).sum(1).reshape(
                top[1].shape)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        da = _smooth_l1.slopes(self.xp, self.difference(bottom), self.s2)
        if len(bottom) > 2 and self.again:
            da = da * self.weights(bottom, 2)
        if len(bottom) > 3:
            da = da * self.weights(bottom, 3)
        da = da * (self.weight(top) / self.divisor)
        for blob, sign, wanted in zip(bottom[:2], (1, -1), propagate_down, strict=False):
            if wanted:
                self.overwrite(blob.grads)[...] = (sign * da).reshape(blob.shape)


@register("SmoothL1Loss", dialect="rcnn", param="smooth_l1_loss_param")
class SmoothL1Loss(SmoothL1):
    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        p = self.spec.loss_param
        self.places = len(top) > 1 or p.HasField("normalization") or p.HasField("normalize")
