"""Accuracy: the share of positions whose label is among the top_k highest scores.

bottom  scores, such as N x C or N x C x H x W; labels 0 to C - 1, one for each position
top     the accuracy, a scalar; optionally the accuracy of each class, of shape C
param   accuracy_param { top_k: 1 axis: 1 min_is_better: false }, ignore_label to skip some
V1      ACCURACY (V0 "accuracy")

Another class with the same score counts as higher, so a net that gives all classes one score has
accuracy 0; and so does one that gives not-a-number (which the original counted as right).
Classes without a label in the batch show 0. There is no gradient. With happynear's min_is_better
scores are distances: the lowest are the answer.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.layers.loss._loss import CLASSES, class_labels, positions


@register("Accuracy", v1="ACCURACY", v0="accuracy", param="accuracy_param")
class Accuracy(Layer):
    only_in_training = True
    scores = True
    bottoms = "2"
    tops = "1-2"
    labels = (1,)
    integers = CLASSES
    keeps = ()
    obeys = ("min_is_better",)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.ignore_label = self.p.ignore_label if self.p.HasField("ignore_label") else None

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        self.at = positions(self, bottom[0], bottom[1], self.p.axis)
        if not 1 <= self.p.top_k <= self.at.classes:
            self.fail("top_k must not exceed the number of classes", found=self.p.top_k,
                      allowed=f"1 to {self.at.classes}")
        top[0].reshape(())
        if len(top) > 1:
            top[1].reshape(self.at.classes)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x = self.read(bottom[0].values)
        labels, counts = class_labels(self, bottom[1], self.at.classes, self.ignore_label)
        index = labels.reshape(self.at.one_label)
        # not below the label's score: higher, equal, or not-a-number; the label itself is one
        own = self.xp.take_along_axis(x, index, self.at.axis)
        worse = x > own if self.p.min_is_better else x < own
        rivals = (~worse).sum(self.at.axis) - 1
        right = rivals.reshape(-1) < self.p.top_k
        labels = labels.reshape(-1)
        if counts is not None:
            right, labels = right[counts.reshape(-1)], labels[counts.reshape(-1)]
        self.overwrite(top[0].values)[...] = right.mean() if right.size else 0
        if len(top) > 1:
            of_class = self.xp.bincount(labels, minlength=self.at.classes)
            right_of_class = self.xp.bincount(labels[right], minlength=self.at.classes)
            self.overwrite(top[1].values)[...] = right_of_class / self.xp.maximum(of_class, 1)
