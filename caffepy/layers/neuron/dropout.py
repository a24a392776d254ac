"""Dropout: in training y = x * m / (1 - ratio), m 0 with probability ratio, else 1; else y = x.

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   dropout_param { dropout_ratio: 0.5 }
V1      DROPOUT (V0 "dropout")

Scaling while training ("inverted" dropout) leaves nothing to do in the TEST phase
(Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Place
from caffepy.core.registry import register
from caffepy.proto import caffe_pb2

STEPS = 2**16  # the ratio is met to 1 / STEPS; four draws come from one 64-bit random number


@register("Dropout", v1="DROPOUT", v0="dropout", param="dropout_param")
class Dropout(Layer):
    inplace = True
    keeps = ()
    preserves_sign = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.ratio = self.p.dropout_ratio
        if not 0 <= self.ratio < 1:
            self.fail("dropout_ratio is the probability to drop a number",
                      found=f"{self.ratio:g}", allowed="0 <= dropout_ratio < 1")
        self.mask = Blob((0,), self.dtype, self.context.mover)
        self.training = self.phase == caffe_pb2.TRAIN

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape_like(bottom[0])
        if self.training:
            self.mask.reshape_like(bottom[0])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        place = self.follow(bottom[0].values)
        x = bottom[0].values.read(place)
        y = top[0].values.overwrite(place)
        if self.training:
            self._draw()
            self.xp.multiply(x, self.mask.values.read(place), out=y)
        elif y is not x:
            y[...] = x

    def _draw(self) -> None:
        """A new mask of 0 and 1 / (1 - ratio), the same whatever order x is in."""
        mask = self.mask.values.overwrite(Place.HOST)
        draws = np.frombuffer(self.random().bytes(2 * mask.size), np.uint16)
        kept = draws >= round(self.ratio * STEPS)
        np.multiply(kept.reshape(mask.shape), mask.dtype.type(1 / (1 - self.ratio)), out=mask)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        place = self.follow(top[0].values)
        dy = top[0].grads.read(place)
        dx = bottom[0].grads.overwrite(place)
        if self.training:
            self.xp.multiply(dy, self.mask.values.read(place), out=dx)
        elif dx is not dy:
            dx[...] = dy
