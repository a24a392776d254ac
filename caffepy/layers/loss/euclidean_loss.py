"""EuclideanLoss: sum of (a - b)^2 / (2 N), for regression.

bottom  a and b, of one count and batch size N; optionally weights w, for each number, each place
        (N x 1 x H x W) or each item
top     the loss
V1      EUCLIDEAN_LOSS (V0 "euclidean_loss")

da = (a - b) * loss weight / N, db = -da: gradients flow to both. With weights, as several forks
have it, squares and gradients are multiplied by w; the divisor stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.loss._loss import Loss, batch_size, number_weights


@register("EuclideanLoss", v1="EUCLIDEAN_LOSS", v0="euclidean_loss")
class EuclideanLoss(Loss):
    bottoms = "2-3"
    labels = (2,)
    compares = "numbers"

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        self.recordable = len(bottom) < 3  # weights are looked at on the host

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        if bottom[0].count != bottom[1].count:
            self.fail("both bottoms must hold equally many numbers", kind=ShapeError,
                      found=f"shapes {bottom[0].shape} and {bottom[1].shape}")

    def difference(self, bottom: Blobs) -> Array:
        """a - b, in the shape of a."""
        a, b = (self.read(blob.values) for blob in bottom[:2])
        return a - b.reshape(a.shape)

    def weighed(self, terms: Array, bottom: Blobs) -> Array:
        """Terms of the shape of a, times the weights if there are any."""
        weights = number_weights(self, bottom)
        return terms if weights is None else terms * weights

    def terms(self, d: Array) -> Array:
        """What is summed and divided by N, of the differences."""
        return self.xp.square(d) / 2

    def slope(self, d: Array) -> Array:
        """The derivative of ``terms``."""
        return d

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        losses = self.weighed(self.terms(self.difference(bottom)), bottom)
        self.set_loss(top, losses.sum(dtype=np.float64) / batch_size(bottom[0]))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        slope = self.weighed(self.slope(self.difference(bottom)), bottom)
        da = slope * (self.weight(top) / batch_size(bottom[0]))
        for blob, sign, wanted in zip(bottom, (1, -1), propagate_down, strict=False):
            if wanted:
                self.overwrite(blob.grads)[...] = (sign * da).reshape(blob.shape)
