"""EuclideanLoss: sum of (a - b)^2 / (2 N), for regression.

bottom  a and b, of one count and batch size N
top     the loss
V1      EUCLIDEAN_LOSS (V0 "euclidean_loss")

da = (a - b) * loss weight / N, db = -da: gradients flow to both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.loss._loss import Loss, batch_size


@register("EuclideanLoss", v1="EUCLIDEAN_LOSS", v0="euclidean_loss")
class EuclideanLoss(Loss):
    labels = ()
    recordable = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        if bottom[0].count != bottom[1].count:
            self.fail("both bottoms must hold equally many numbers", kind=ShapeError,
                      found=f"shapes {bottom[0].shape} and {bottom[1].shape}")

    def difference(self, bottom: Blobs) -> Array:
        """a - b, flat."""
        a, b = (self.read(blob.values).reshape(-1) for blob in bottom)
        return a - b

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        d = self.difference(bottom)
        self.set_loss(top, self.xp.square(d).sum(dtype=np.float64) / (2 * batch_size(bottom[0])))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        da = self.difference(bottom) * (self.weight(top) / batch_size(bottom[0]))
        for blob, sign, wanted in zip(bottom, (1, -1), propagate_down, strict=True):
            if wanted:
                self.overwrite(blob.grads)[...] = (sign * da).reshape(blob.shape)
