"""ContrastiveLoss: pulls similar pairs together and pushes others apart, as far as ``margin``.

bottom  a and b, N x C; s, N numbers, not 0 for a similar pair
top     the loss: sum of (s d^2 + (1 - s) max(margin - d, 0)^2) / (2 N), d = |a - b|
param   contrastive_loss_param { margin: 1 legacy_version: false }
V1      CONTRASTIVE_LOSS

The legacy version has max(margin - d^2, 0) for pairs that are not similar.
Similar: da = (a - b) * loss weight / N. Others, where the margin is not reached:
da = -(a - b) * (margin - d) / d * loss weight / N, or without that factor if legacy. db = -da.
Hadsell, Chopra, LeCun, "Dimensionality Reduction by Learning an Invariant Mapping", 2006.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core import labels
from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.errors import DataError, ShapeError
from caffepy.layers.loss._loss import Loss, batch_size

TINY = 1e-4  # added to d where it divides, as in the original: pairs may coincide


@register("ContrastiveLoss", v1="CONTRASTIVE_LOSS", param="contrastive_loss_param")
class ContrastiveLoss(Loss):
    bottoms = "3"
    labels = (2,)
    integers = {2: ("label of a pair", "It is similar or it is not: 1 or 0.")}
    keeps = ()
    recordable = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        a, b, s = bottom
        if a.count != b.count or s.count != batch_size(a):
            self.fail("both bottoms must hold equally many numbers, and there must be one label "
                      "for each pair", kind=ShapeError,
                      found=f"shapes {a.shape}, {b.shape} and {s.shape}")

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp, margin = self.xp, self.p.margin
        pairs = batch_size(bottom[0])
        a, b = (self.read(blob.values).reshape(pairs, -1) for blob in bottom[:2])
        labels.look(self, bottom[2], 2)
        s = self.read(bottom[2].values).reshape(pairs)
        if xp is np and not np.isfinite(s).all():
            self.fail("the label of a pair is no number", kind=DataError,
                      found=f"{s[np.isfinite(s).argmin()]:g} in item {np.isfinite(s).argmin()}")
        similar = xp.trunc(s) != 0
        self.difference = a - b
        square = xp.square(self.difference).sum(1)
        d = xp.sqrt(square)
        if self.p.legacy_version:
            room = xp.maximum(margin - square, 0)
            apart, push = room, xp.where(room > 0, 1, 0)
        else:
            room = xp.maximum(margin - d, 0)
            apart, push = room * room, room / (d + TINY)
        self.factor = xp.where(similar, 1, -push)  # da = factor * (a - b) * weight / N
        losses = xp.where(similar, square, apart)
        self.set_loss(top, losses.sum(dtype=np.float64) / (2 * pairs))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        scale = self.weight(top) / len(self.factor)
        da = self.difference * (self.factor * scale)[:, None]
        for blob, sign, wanted in zip(bottom[:2], (1, -1), propagate_down[:2], strict=True):
            if wanted:
                self.overwrite(blob.grads)[...] = (sign * da).reshape(blob.shape)
