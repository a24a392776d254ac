"""MixUp: each picture of a batch is mixed with another one of it, and so are their labels.

bottom  x, N x C x H x W (or any shape with alpha alone); labels, N classes, or N x K shares of
        classes
top     y, shape of x (may be the same blob, in place); soft labels, N x K, K = num_classes
param   mixup_param { num_classes: 10 alpha: 0.2 cutmix_alpha: 0 prob: 1 switch_prob: 0.5 }

Item i is mixed with item p(i); the order p is drawn for each batch, all equally likely, and so is a
share l, for all items the same. With t the labels, 1 at an item's class and 0 elsewhere:

    alpha: a           y[i] = l x[i] + (1 - l) x[p(i)]     l out of Beta(a, a)
    cutmix_alpha: a    y[i] = x[p(i)] within a box, x[i] around it; l out of Beta(a, a)
    both               soft labels: l t[i] + (1 - l) t[p(i)]

The box has sqrt(1 - l) of the sides, rounded down, and its middle is any pixel; it is cut at the
borders, and l becomes the share around it. Where both are given, a batch is mixed by area with
probability switch_prob; with probability 1 - prob it is not mixed. In TEST, y = x, and the labels
are t. Soft labels are for SoftmaxWithLoss with loss_param { soft_labels: true }, or
SigmoidCrossEntropyLoss.

dx[i] = l dy[i] + (1 - l) dy[j], p(j) = i; with a box, dy[j] within it and dy[i] around it. Zhang et
al., "mixup: Beyond Empirical Risk Minimization" (2018); Yun et al., "CutMix" (2019). It is ours: no
fork has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.loss._loss import CLASSES, class_labels
from caffepy.proto import caffe_pb2

Box = tuple[slice, slice]


@register("MixUp", param="mixup_param")
class MixUp(Layer):
    bottoms = "2"
    tops = "2"
    inplace = True
    labels = (1,)
    integers = CLASSES
    keeps = ()

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        for word in ("prob", "switch_prob"):
            if not 0 <= getattr(p, word) <= 1:
                self.fail(f"{word} is a probability", found=f"{getattr(p, word):g}",
                          allowed="0 to 1")
        if not (p.alpha >= 0 and p.cutmix_alpha >= 0 and p.alpha + p.cutmix_alpha > 0):
            self.fail("mixup_param needs alpha, cutmix_alpha or both, above 0",
                      found=f"alpha {p.alpha:g}, cutmix_alpha {p.cutmix_alpha:g}",
                      fix="Write alpha: 0.2.")
        self.classes = p.num_classes
        self._mixed: tuple[float, Array, Box | None] | None = None

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x, labels = bottom
        if not x.ndim or (self.p.cutmix_alpha and x.ndim != 4):
            self.fail("cutmix_alpha needs pictures, N x C x H x W" if x.ndim else
                      "there are no items to mix", kind=ShapeError, found=f"shape {x.shape}")
        items, classes = x.shape[0], self.p.num_classes
        self.soft = labels.ndim == 2 and labels.count > items
        if self.soft:
            self.integers = {}
            classes = classes or labels.shape[1]
        if not classes:
            self.fail("mixup_param needs num_classes", fix="Write num_classes: 10.")
        if labels.count != items * (classes if self.soft else 1) or not (
                labels.ndim and labels.shape[0] == items):
            self.fail("there must be one label for each item, or a share of each class",
                      kind=ShapeError, found=f"labels {labels.shape}",
                      allowed=f"({items},) or ({items}, {classes})")
        self.classes = classes
        if top[0] is not x:
            top[0].reshape_like(x)
        top[1].reshape(items, classes)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x, t = self.read(bottom[0].values), self._targets(bottom[1])
        self._mixed = self._drawn(x.shape) if self.phase == caffe_pb2.TRAIN else None
        made = x
        if self._mixed is not None:
            share, order, box = self._mixed
            made = _mixed(x, order, share, box)
            rest = self.dtype.type(1 - share)
            t = self.dtype.type(share) * t + rest * t[order]
        if made is not x or top[0] is not bottom[0]:
            self.overwrite(top[0].values)[...] = made
        self.overwrite(top[1].values)[...] = t

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if not propagate_down[0]:
            return
        dy = self.read(top[0].grads)
        made = dy
        if self._mixed is not None:
            share, order, box = self._mixed
            made = _mixed(dy, self.xp.argsort(order), share, box)
        if made is not dy or top[0] is not bottom[0]:
            self.overwrite(bottom[0].grads)[...] = made

    def _targets(self, labels: Any) -> Array:
        """The labels as N x K."""
        if self.soft:
            return self.read(labels.values)
        found, _ = class_labels(self, labels, self.classes, shape=(labels.count,))
        return (found[:, None] == self.xp.arange(self.classes)).astype(self.dtype)

    def _drawn(self, shape: tuple[int, ...]) -> tuple[float, Array, Box | None] | None:
        """Share, order and box of a batch; None if it is not mixed."""
        p, rng = self.p, self.random()
        if rng.random() >= p.prob:
            return None
        order = self.xp.asarray(rng.permutation(shape[0]))
        by_area = bool(p.cutmix_alpha) and (not p.alpha or rng.random() < p.switch_prob)
        alpha = p.cutmix_alpha if by_area else p.alpha
        share = float(rng.beta(alpha, alpha))
        if not by_area:
            return share, order, None
        box = []
        for side in shape[2:]:
            length = int(side * np.sqrt(1 - share))
            start = int(rng.integers(side)) - length // 2
            box.append(slice(max(start, 0), min(start + length, side)))
        area = (box[0].stop - box[0].start) * (box[1].stop - box[1].start)
        return 1 - area / (shape[2] * shape[3]), order, (box[0], box[1])


def _mixed(x: Array, order: Array, share: float, box: Box | None) -> Array:
    """A new array of x and x in another order: shares of both, or the second in the box."""
    if box is None:
        return x.dtype.type(share) * x + x.dtype.type(1 - share) * x[order]
    made = x.copy()
    made[:, :, box[0], box[1]] = x[order, :, box[0], box[1]]
    return made
