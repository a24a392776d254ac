"""SoftmaxWithLoss: the mean over all positions of -log p[label], p = softmax(x).

bottom  x, scores, such as N x C or N x C x H x W; labels 0 to C - 1, one for each position, or
        with soft_labels probabilities, shape of x; optionally weights, one for each position or N
top     the loss; optionally p, shape of x
param   softmax_param { axis: 1 label_smooth_factor: 0 hard_ratio: 1 ... },
        loss_param { normalization: VALID label_smoothing: 0 soft_labels: false }, ignore_label to
        skip some
V1      SOFTMAX_LOSS (V0 "softmax_loss")

dx = (p - 1 at the label) * loss weight / normalizer; no gradient comes from the second top.
p is taken to be at least FLT_MIN, so a net that has diverged shows a loss of 87.3365, as it does
in the original.

More generally, with targets t for the classes of a position and its weight w:

    loss = -sum over k of t[k] log p[k], times w, summed over positions, by the normalizer
    dx[k] = w (p[k] * sum of t - t[k]) * loss weight / normalizer

Of a label, y is 1 at its class and 0 elsewhere; t is y, unless loss_param or softmax_param says

    soft_labels: true         y is the second bottom (ours: for mixup, cutmix, answers of a net)
    label_smoothing: e        t = (1 - e) y + e / C (1 - y)          Intel
    label_smooth_factor: e    t = (1 - e) y + e / (C - 1) (1 - y)    happynear
    weight_by_label_freqs: true class_weighting: 0.3 ...             SegNet; or
    class_weight: 0.3 ...     w is that of the label's class; of soft labels t[k] counts that of k
                              (happynear)
    hard_ratio: r             positions whose loss is below that at place n (1 - r) of the n sorted
                              losses do not count; of hard_mining_label alone if that is given
    cutting_point: q          no loss where the label's p is above q (happynear, as the one before)

The weights of the third bottom (Intel, happynear) are in the normalizer: VALID is their sum over
the positions that count, at least 1. Weights of classes are not.

C. Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015, and PyTorch
give a label 1 - e + e / C: that is label_smooth_factor: e (C - 1) / C. Where forks differ from this
on the way: Intel's shows the loss without smoothing, happynear's that of all examples, here it is
the one whose gradient is taken; Intel's C counts the places of a picture, too; happynear's passes
over class_weight and hard_ratio without a third bottom.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, NoReturn

from caffepy.core import labels
from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.errors import BadValue
from caffepy.kernels.operations.softmax import SoftmaxKernel, SoftmaxSpec
from caffepy.kernels.operations.softmax_loss import SoftmaxLossKernel, SoftmaxLossSpec
from caffepy.layers.common.softmax import only_softmax
from caffepy.layers.loss._loss import CLASSES, VALID, Normalized, bad_label, positions
from caffepy.layers.loss._targets import WORDS, Targets, check_soft


@register("SoftmaxWithLoss", v1="SOFTMAX_LOSS", v0="softmax_loss", param="softmax_param")
class SoftmaxWithLoss(Normalized):
    plans = (SoftmaxSpec, SoftmaxLossSpec)
    head = "Softmax"
    saturates = True
    bottoms = "2-3"
    tops = "1-2"
    labels: tuple[int, ...] = (1, 2)
    integers = CLASSES
    keeps: tuple[str, ...] = ("labels",)
    recordable = True
    obeys: ClassVar[tuple[str, ...]] = (
        "loss_param.weight_by_label_freqs", "loss_param.class_weighting", "normalize_type", *WORDS)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        only_softmax(self, self.p)
        p = self.spec.loss_param
        self.weights = tuple(p.class_weighting if p.weight_by_label_freqs else self.p.class_weight)
        self.weighted = bool(self.weights or p.weight_by_label_freqs)
        self.targets = Targets(self, len(bottom) > 2)
        if self.targets.soft:
            self.integers = {}
        if self.weighted or self.targets.asked:
            self.recordable = False  # what knows weights looks at labels on the host

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        x = bottom[0]
        soft = self.targets.soft
        if soft:
            check_soft(self, x, bottom[1])
        self.at = positions(
            self, x, None if soft else bottom[1], self.p.axis,
            "Probabilities of classes are labels with loss_param { soft_labels: true }."
            if bottom[1].shape == x.shape else None)
        if len(top) > 1:
            top[1].reshape_like(x)
            self.probabilities = top[1]
            self.keeps = ("labels", "top")
        else:
            self.probabilities = Blob(x.shape, self.dtype, self.context.mover)
        self.softmax: SoftmaxKernel = self.plan(
            SoftmaxSpec(x.shape, self.at.axis, self.dtype.name))
        weights = self.weights if self.weighted else None
        if weights is not None and len(weights) != self.at.classes:
            self.fail("class_weight needs a number for each class" if self.p.class_weight else
                      "weight_by_label_freqs needs a class_weighting for each class",
                      found=len(weights), allowed=self.at.classes)
        if self.targets.asked:
            self.targets.reshape(self.at, weights)
            return
        count = math.prod(self.at.one_label)
        divisor = None if self.mode == VALID else self.normalizer(self.at.outer, count, count)
        self.kernel: SoftmaxLossKernel = self.plan(SoftmaxLossSpec(
            x.shape, self.at.axis, self.ignore_label, divisor, weights,
            self.dtype.name), self.kernel)
        self.label_shape = bottom[1].shape

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        p = self.probabilities.values
        self.softmax.forward(bottom[0].values, p)
        if self.targets.asked:
            self.set_loss(top, self.targets.forward(self.read(p), bottom))
            return
        try:
            self.kernel.forward(p, bottom[1].values, top[0].values)
        except BadValue as error:
            self.explain(error)
        labels.look(self, bottom[1], 1)

    def explain(self, error: BadValue) -> NoReturn:
        bad_label(self, self.label_shape, self.at.classes, error.place, error.value)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if self.targets.asked:
            self.overwrite(bottom[0].grads)[...] = self.targets.backward(self.weight(top))
            return
        self.kernel.backward(self.probabilities.values, bottom[1].values, bottom[0].grads,
                             self.weight(top))
