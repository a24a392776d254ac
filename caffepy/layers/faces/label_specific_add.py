"""LabelSpecificAdd: a margin: in training a number is added to each item's score of its class.

bottom  x, N x C; labels, N
top     y, shape of x; may be the same blob (in place); optionally the number, 1
param   label_specific_add_param { bias: 0 transform_test: false bias_base: 0 bias_gamma: 0
        bias_power: 1 bias_min: 0 bias_max: 0 iteration: 0 }

y[label] = x[label] + bias where x[label] > -bias, else x[label]; all else is copied, and in TEST
everything. A margin is a negative bias. With bias_base it is
min(max(bias_base + (1 + bias_gamma it)^bias_power - 1, bias_min), bias_max), it counting forwards
from iteration on. dx = dy. happynear's (AM-Softmax).
transform_test does nothing there either: it is looked at in training alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.layers.loss._loss import CLASSES, batch_size, item_labels
from caffepy.proto import caffe_pb2


@register("LabelSpecificAdd", dialect="happynear", param="label_specific_add_param")
class LabelSpecificAdd(Layer):
    bottoms = "2"
    tops = "1-2"
    inplace = True
    labels = (1,)
    integers = CLASSES
    keeps = ()
    same_place = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape_like(bottom[0])
        if len(top) > 1:
            top[1].reshape(1)

    def bias(self) -> float:
        """For this forward, which is counted."""
        p = self.p
        if not p.HasField("bias_base"):
            return float(p.bias)
        it = p.iteration + self.position
        self.position += 1
        annealed = p.bias_base + (1 + p.bias_gamma * it) ** p.bias_power - 1
        return float(min(max(annealed, p.bias_min), p.bias_max))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp = self.xp
        x = self.read(bottom[0].values)
        items = batch_size(bottom[0])
        if self.phase != caffe_pb2.TRAIN:
            if top[0] is not bottom[0]:
                self.overwrite(top[0].values)[...] = x
            return
        bias = self.bias()
        rows = x.reshape(items, -1)
        label = item_labels(self, bottom[1], items, rows.shape[1])
        scores = rows[xp.arange(items), label]
        y = self.overwrite(top[0].values)
        if y is not x:
            y[...] = x
        y.reshape(items, -1)[xp.arange(items), label] = xp.where(scores > -bias, scores + bias,
                                                                 scores)
        if len(top) > 1:
            self.overwrite(top[1].values)[...] = bias

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if propagate_down[0] and top[0] is not bottom[0]:
            self.overwrite(bottom[0].grads)[...] = self.read(top[0].grads)
