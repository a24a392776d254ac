"""FocalLoss: the mean over all positions of -alpha (1 - p)^gamma log p, p the label's probability.

bottom  x, scores, such as N x C x H x W; labels 0 to C - 1, one for each position
top     the loss; optionally the probabilities, shape of x
param   focal_loss_param { type: ORIGIN gamma: 2 alpha: 0.25 }, softmax_param { axis: 1 },
        loss_param { normalization: VALID }, ignore_label to skip some

p is softmax's. With f = alpha (1 - p)^gamma log p and [label] 1 at the label, else 0:
dx = p_label f'(p_label) (p - [label]) * loss weight / normalizer. A label that comes easily counts
for little. lzx1413's; in happynear's fork alpha is 1 where it is not written.
Lin et al., "Focal Loss for Dense Object Detection", 2017.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.kernels.operations.softmax import SoftmaxKernel, SoftmaxSpec
from caffepy.layers.loss._loss import CLASSES, VALID, Normalized, class_labels, positions

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
        self.at = positions(self, x, bottom[1], self.spec.softmax_param.axis)
        self.probabilities = Blob(x.shape, self.dtype, self.context.mover)
        if len(top) > 1:
            top[1].reshape_like(x)
        self.softmax: SoftmaxKernel = self.plan(SoftmaxSpec(x.shape, self.at.axis, self.dtype.name))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
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

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        xp, at = self.xp, self.at
        scale = self.slope * (self.weight(top) / self.divisor)
        dx = self.overwrite(bottom[0].grads)
        xp.multiply(self.read(self.probabilities.values), scale, out=dx)
        classes = xp.arange(at.classes).reshape(-1, *[1] * (dx.ndim - 1 - at.axis))
        dx -= (classes == self.label) * scale
