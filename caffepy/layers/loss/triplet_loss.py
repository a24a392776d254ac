"""TripletLoss: an anchor is to be nearer to what is like it than to what is not, by a margin.

bottom  a, p and n, N x C: anchors, positives and negatives
top     the loss: sum of max(0, margin + |a - p|^2 - |a - n|^2) / (2 N)
param   triplet_loss_param { margin: 1 }
V1      TRIPLET_LOSS

Where it is above 0, with w = loss weight / N: da = (n - p) w, dp = (p - a) w, dn = (a - n) w.
happynear's. Schroff et al., "FaceNet", 2015.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.loss._loss import Loss, batch_size


@register("TripletLoss", v1="TRIPLET_LOSS", dialect="happynear", param="triplet_loss_param")
class TripletLoss(Loss):
    bottoms = "3"
    labels = ()
    keeps = ("bottom",)
    recordable = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.margin = self.p.margin if self.p.HasField("margin") else 1.0

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        if len({blob.shape for blob in bottom}) > 1:
            self.fail("anchors, positives and negatives must have one shape", kind=ShapeError,
                      found=", ".join(str(blob.shape) for blob in bottom))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        items = batch_size(bottom[0])
        a, p, n = (self.read(blob.values).reshape(items, -1) for blob in bottom)
        near, far = (self.xp.square(a - other).sum(axis=1) for other in (p, n))
        losses = self.xp.maximum(self.margin + near - far, 0)
        self.wrong = (losses > 0)[:, None]
        self.set_loss(top, losses.sum(dtype=np.float64) / (2 * items))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        items = batch_size(bottom[0])
        a, p, n = (self.read(blob.values).reshape(items, -1) for blob in bottom)
        scale = self.wrong * (self.weight(top) / items)
        pairs = ((n, p), (p, a), (a, n))
        for blob, (plus, minus), wanted in zip(bottom, pairs, propagate_down, strict=True):
            if wanted:
                self.overwrite(blob.grads)[...] = ((plus - minus) * scale).reshape(blob.shape)
