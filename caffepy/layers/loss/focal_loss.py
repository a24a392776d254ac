"""FocalLoss: the mean over all positions of -alpha (1 - p)^gamma log p, p the label's probability.

bottom  x, scores, such as N x C x H x W; labels 0 to C - 1, one for each position, or targets 0
        and 1, one for each score
top     the loss; optionally the probabilities, shape of x
param   focal_loss_param { type: ORIGIN gamma: 2 alpha: 0.25 }, softmax_param { axis: 1 },
        loss_param { normalization: VALID }, ignore_label to skip some

With labels p is softmax's (lzx1413). With f = alpha (1 - p)^gamma log p and [label] 1 at the label,
else 0: dx = p_label f'(p_label) (p - [label]) * loss weight / normalizer.

With a target for each score p is 1 / (1 + e^-x), and every score has a loss of its own (happynear):
with q = p, a = alpha for the target 1 and q = 1 - p, a = 1 - alpha for others, it is
a (1 - q)^gamma c, where c = -(t log p + (1 - t) log(1 - p)), by the BATCH_SIZE unless told
otherwise, and dx = a (1 - q)^gamma (p - t - s gamma q c) * loss weight / normalizer, s = 1 for the
target 1 and -1 for others. happynear's alpha is 1 where it is not written.

A label that comes easily counts for little. Lin et al., "Focal Loss for Dense Object Detection",
2017, whose loss is the second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.kernels.operations.softmax import SoftmaxKernel, SoftmaxSpec
from caffepy.layers.loss._loss import (
    CLASSES,
    VALID,
    Normalized,
    batch_size,
    class_labels,
    positions,
)

ALPHA = 0.25
FLT_MIN = float(np.finfo(np.float32).tiny)  # p is taken to be at least this


@register("FocalLoss", dialect="other", param="focal_loss_param")
class FocalLoss(Normalized):
    plans = (SoftmaxSpec,)
    head = "Softmax"
    tops = "1-2"
    integers = CLASSES
    keeps: tuple[str, ...] = ()

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        p = self.p
        if p.type != p.ORIGIN:
            self.fail("only the type ORIGIN is known", found=p.Type.Name(p.type),
                      fix="Write type: ORIGIN.")
        self.alpha = p.alpha if p.HasField("alpha") else ALPHA
        if p.gamma < 0:
            self.fail("gamma must not be negative", found=f"{p.gamma:g}")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        x = bottom[0]
        if len(top) > 1:
            top[1].reshape_like(x)
        self.of_scores = x.count == bottom[1].count
        if self.of_scores:
            self.integers = {}
            return
        self.at = positions(self, x, bottom[1], self.spec.softmax_param.axis)
        self.probabilities = Blob(x.shape, self.dtype, self.context.mover)
        self.softmax: SoftmaxKernel = self.plan(SoftmaxSpec(x.shape, self.at.axis, self.dtype.name))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        if self.of_scores:
            self._forward_of_scores(bottom, top)
            return
        xp, at = self.xp, self.at
        self.softmax.forward(bottom[0].values, self.probabilities.values)
        p = self.read(self.probabilities.values)
        if len(top) > 1:
            self.overwrite(top[1].values)[...] = p
        label, self.known = class_labels(self, bottom[1], at.classes, self.ignore_label,
                                         at.one_label)
        self.label = label
        pt = xp.maximum(xp.take_along_axis(p, label, at.axis), FLT_MIN)
        log, rest = xp.log(pt), 1 - pt
        losses = -self.alpha * rest**self.p.gamma * log
        # p f'(p), written so that nothing divides by 1 - p = 0
        power = rest ** (self.p.gamma - 1) if self.p.gamma >= 1 else rest**self.p.gamma / (
            xp.maximum(rest, FLT_MIN))
        self.slope = self.alpha * (rest**self.p.gamma - self.p.gamma * power * pt * log)
        count = math.prod(at.one_label)
        valid = count
        if self.known is not None:
            losses, self.slope = losses * self.known, self.slope * self.known
            valid = int(self.known.sum()) if self.mode == VALID else count
        self.divisor = self.normalizer(at.outer, count, valid)
        self.set_loss(top, losses.sum(dtype=np.float64) / self.divisor)

    def _forward_of_scores(self, bottom: Blobs, top: Blobs) -> None:
        """A loss of each score by itself, and its gradient."""
        xp, gamma = self.xp, self.p.gamma
        x = self.read(bottom[0].values)
        t = self.read(bottom[1].values).reshape(x.shape)
        p = 0.5 * xp.tanh(0.5 * x) + 0.5
        if len(top) > 1:
            self.overwrite(top[1].values)[...] = p
        one = xp.trunc(t) == 1
        weight = xp.where(one, self.alpha, 1 - self.alpha).astype(x.dtype)
        valid: float = x.size
        if self.ignore_label is not None:
            known = xp.trunc(t) != self.ignore_label
            weight, t, valid = weight * known, xp.where(known, t, 0), float(known.sum())
        q = xp.where(one, p, 1 - p)
        rest = xp.where(one, 1 - p, p)
        # log(1 + e^x) - t x, written so that e^x cannot overflow
        entropy = xp.maximum(x, 0) - x * t + xp.log1p(xp.exp(-xp.abs(x)))
        weight *= rest**gamma
        self.slope = weight * (p - t - xp.where(one, gamma, -gamma) * q * entropy)
        loss = self.spec.loss_param
        given = loss.HasField("normalization") or loss.HasField("normalize")
        batch = batch_size(bottom[0])
        self.divisor = self.normalizer(batch, x.size, valid) if given else max(1.0, batch)
        self.set_loss(top, (weight * entropy).sum(dtype=np.float64) / self.divisor)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        xp = self.xp
        scale = self.slope * (self.weight(top) / self.divisor)
        dx = self.overwrite(bottom[0].grads)
        if self.of_scores:
            dx[...] = scale
            return
        at = self.at
        xp.multiply(self.read(self.probabilities.values), scale, out=dx)
        classes = xp.arange(at.classes).reshape(-1, *[1] * (dx.ndim - 1 - at.axis))
        dx -= (classes == self.label) * scale
