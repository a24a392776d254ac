"""SoftmaxWithLoss: the mean over all positions of -log p[label], p = softmax(x).

bottom  x, scores, such as N x C or N x C x H x W; labels 0 to C - 1, one for each position
top     the loss; optionally p, shape of x
param   softmax_param { axis: 1 }, loss_param { normalization: VALID }, ignore_label to skip some
V1      SOFTMAX_LOSS (V0 "softmax_loss")

dx = (p - 1 at the label) * loss weight / normalizer; no gradient comes from the second top.
p is taken to be at least FLT_MIN, so a net that has diverged shows a loss of 87.3365, as it does
in the original.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.kernels.base import SoftmaxSpec
from caffepy.layers.loss._loss import Normalized, class_labels, positions

FLT_MIN = float(np.finfo(np.float32).tiny)


@register("SoftmaxWithLoss", v1="SOFTMAX_LOSS", v0="softmax_loss", param="softmax_param")
class SoftmaxWithLoss(Normalized):
    tops = "1-2"
    keeps = ()

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        x = bottom[0]
        self.at = positions(self, x, bottom[1], self.p.axis)
        if len(top) > 1:
            top[1].reshape_like(x)
            self.probabilities = top[1]
        else:
            self.probabilities = Blob(x.shape, self.dtype, self.context.mover)
        self.softmax = self.plan(SoftmaxSpec(x.shape, self.at.axis, self.dtype.name))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        tensor = self.probabilities.values
        self.softmax.forward(bottom[0].values, tensor)
        p = tensor.read(self.follow(tensor))
        values = self.read(bottom[1].values)
        labels, counts = class_labels(self, values, self.at.classes, self.ignore_label)
        self.index = labels.reshape(self.at.one_label)
        self.counts = None if counts is None else counts.reshape(self.at.one_label)
        self.at_label = self.xp.take_along_axis(p, self.index, self.at.axis)
        losses = -self.xp.log(self.xp.maximum(self.at_label, FLT_MIN))
        valid = losses.size
        if self.counts is not None:
            losses = losses[self.counts]
            valid = int(self.counts.sum())
        self.divisor = self.normalizer(self.at.outer, self.index.size, valid)
        self.set_loss(top, losses.sum(dtype=np.float64) / self.divisor)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        scale = self.weight(top) / self.divisor
        tensor = self.probabilities.values
        place = self.follow(tensor)
        p = tensor.read(place)
        dx = bottom[0].grads.overwrite(place)
        self.xp.multiply(p, p.dtype.type(scale), out=dx)
        self.xp.put_along_axis(dx, self.index, (self.at_label - 1) * scale, self.at.axis)
        if self.counts is not None:
            dx *= self.counts
