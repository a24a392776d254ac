"""CtcLoss: labels whose times are not known, as crnn.caffe has them.

bottom  x, scores, T x N x C; labels, N x L, filled up with the blank
top     the loss: sum of -log p(labels) / N, p over all ways to fit them; softmax is within
param   ctc_loss_param { alphabet_size: C time_step: T blank_label: 0 }

Blanks among the labels are passed over. Only the first time_step steps count. Where a sequence has
too few steps for its labels, it counts as 0, without a gradient.
dx = (softmax(x) - expected) * loss weight, not divided by N, as there (warp-ctc).
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.sequence._ctc import Task, on_host
from caffepy.layers.sequence._ctc_loss import CtcLossBase


@register("CtcLoss", dialect="crnn", param="ctc_loss_param")
class CtcLoss(CtcLossBase):
    bottoms = "2"
    labels = (1,)
    obeys = ("alphabet_size", "time_step", "blank_label")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        steps, items, classes = self.shape
        p = self.p
        if p.alphabet_size != classes or not 0 < p.time_step <= steps:
            self.fail("alphabet_size and time_step must say what the scores have", kind=ShapeError,
                      found=f"alphabet_size {p.alphabet_size}, time_step {p.time_step}, scores "
                            f"{bottom[0].shape}",
                      fix=f"Write alphabet_size: {classes} time_step: {steps}.")
        if not bottom[1].ndim or bottom[1].shape[0] != items:
            self.fail("the labels must be N x L", kind=ShapeError, found=f"shape {bottom[1].shape}",
                      allowed=f"{items} rows")

    def task(self, bottom: Blobs) -> Task:
        items = self.shape[1]
        blank = self.p.blank_label
        rows = on_host(bottom[1], items, -1).astype(int)
        return Task([[int(v) for v in row if v != blank] for row in rows],
                    [self.p.time_step] * items, blank)

    def mean(self, losses: Array) -> Array:
        xp = self.xp
        fits = losses < float("inf")
        self.slope = xp.where(fits[:, None], self.slope, 0)
        return xp.where(fits, losses, 0).sum() / len(losses)

    def scale(self, top: Blobs) -> float | Array:
        return self.weight(top)  # type: ignore[no-any-return]
