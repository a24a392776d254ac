"""SegAccuracy (DeepLab, PSPNet): how many pixels are right, and how well classes overlap.

bottom  scores, N x C x H x W; labels 0 to C - 1, N x 1 x H x W
top     1 x 1 x 1 x 3: the share of pixels that are right; the mean of that over the classes that
        occur; the mean over all classes of intersection over union
param   seg_accuracy_param { ignore_label: 255 reset: true }; ignore_label may be given repeatedly
V1      SEG_ACCURACY

Of equal scores the last class wins. A class that is neither label nor answer has the union 1. With
reset: false batches are added up. There is no gradient.
"""

from __future__ import annotations

import numpy as np

from caffepy.core import labels
from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.layers.loss._loss import CLASSES, bad_label, positions


@register("SegAccuracy", v1="SEG_ACCURACY", param="seg_accuracy_param", dialect="pspnet")
class SegAccuracy(Layer):
    only_in_training = True
    scores = True
    bottoms = "2"
    labels = (1,)
    integers = CLASSES
    keeps = ()

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.counts: np.ndarray | None = None  # by label and answer

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        self.at = positions(self, bottom[0], bottom[1], 1)
        top[0].reshape(1, 1, 1, 3)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp, classes = self.xp, self.at.classes
        x = self.read(bottom[0].values)
        answer = classes - 1 - xp.flip(x, 1).argmax(axis=1).reshape(-1)
        values = self.read(bottom[1].values).reshape(self.at.one_label)
        label = xp.trunc(values).reshape(-1)
        counts = xp.ones(label.shape, bool)
        for ignored in self.p.ignore_label:
            counts &= label != ignored
        wrong = counts & ~((label >= 0) & (label < classes))
        if wrong.any():
            where = int(wrong.argmax())
            bad_label(self, bottom[1].shape, classes, where, float(values.reshape(-1)[where]))
        labels.look(self, bottom[1], 1)
        pairs = (xp.where(counts, label, 0).astype(np.int64) * classes + answer)[counts]
        found = xp.bincount(pairs, minlength=classes**2).reshape(classes, classes)
        old = None if self.p.reset else self.counts
        self.counts = found = found if old is None else old + found
        right, label_sums, answers = xp.diagonal(found), found.sum(axis=1), found.sum(axis=0)
        union = label_sums + answers - right
        y = self.overwrite(top[0].values).reshape(3)
        y[0] = right.sum() / xp.maximum(found.sum(), 1)
        y[1] = ((right / xp.maximum(label_sums, 1)).sum()
                / xp.maximum((label_sums > 0).sum(), 1))
        y[2] = xp.where(union > 0, right / xp.maximum(union, 1), 1).mean()
