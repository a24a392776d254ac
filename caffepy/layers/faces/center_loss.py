"""CenterLoss: the items of each class gather around a center of their own.

bottom  x, N x D; labels, N
top     the loss: sum of |x - c[label]|^2 / (2 N)
param   center_loss_param { num_output: 10572 center_filler { type: "xavier" } axis: 1 }

dx = (x - c[label]) * loss weight / N. The centers, num_output x D, learn by what is not the
derivative: of each class dc = sum of (c - x) / (1 + its items in the batch), without loss weight.
ydwen's and happynear's. Wen et al., "A Discriminative Feature Learning Approach", 2016.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.common._axis import axis_of
from caffepy.layers.loss._loss import CLASSES, Loss, item_labels


@register("CenterLoss", dialect="face", param="center_loss_param")
class CenterLoss(Loss):
    integers = CLASSES
    keeps = ()
    learns = ("centers",)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.num_output < 1:
            self.fail("num_output, the number of classes, must be at least 1",
                      found=self.p.num_output)
        if self.p.distance_type not in ("", "L2"):
            self.fail("distances are L2 alone", found=self.p.distance_type)
        self.axis = axis_of(self, bottom[0], self.p.axis)
        self.size = bottom[0].count_from(self.axis)
        self.add_blob((self.p.num_output, self.size), self.p.center_filler)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        self.items = bottom[0].count_from(0, self.axis)
        if bottom[0].count_from(self.axis) != self.size:
            self.fail("the bottom does not fit the centers", kind=ShapeError,
                      found=f"shape {bottom[0].shape}", allowed=f"{self.size} numbers an item")

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.label = item_labels(self, bottom[1], self.items, self.p.num_output)
        x = self.read(bottom[0].values).reshape(self.items, self.size)
        self.away = x - self.read(self.blobs[0].values)[self.label]
        self.set_loss(top, self.xp.square(self.away).sum(dtype=np.float64) / (2 * self.items))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if self.param_propagate_down[0]:
            xp = self.xp
            one = self.label == xp.arange(self.p.num_output)[:, None]  # classes x items
            count = 1 + one.sum(axis=1, keepdims=True)
            self.accumulate(self.blobs[0].grads,
                            -(one.astype(self.dtype) @ self.away) / count.astype(self.dtype))
        if propagate_down[0]:
            dx = self.overwrite(bottom[0].grads)
            dx[...] = (self.away * (self.weight(top) / self.items)).reshape(dx.shape)
