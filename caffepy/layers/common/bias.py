"""Bias: y = x + b, with b spread over the axes it lacks.

bottom  x, any shape; optionally b, whose shape is that of some axes of x, from ``axis`` on
top     y, shape of x; may be the first bottom's blob (in place)
param   bias_param { axis: 1 num_axes: 1 filler { } }

With one bottom b is learned, its shape ``num_axes`` axes of x (-1: all to the end, 0: a single
number).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array, Place
from caffepy.core.registry import register
from caffepy.layers.common._broadcast import Broadcast


@register("Bias", param="bias_param")
class Bias(Broadcast):
    keeps = ()
    learns = ("bias",)
    recordable = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.learned(bottom, self.p.filler)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        self.operand = self.blobs[0] if len(bottom) == 1 else bottom[1]
        x, shape = bottom[0], self.operand.shape
        start = self.align(bottom, shape)
        end = start + len(shape)
        self.axes = start, end
        self.spread = (1,) * start + shape + (1,) * (x.ndim - end)
        self.summed = (*range(start), *range(end, x.ndim))
        top[0].reshape_like(x)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        place = self.follow(bottom[0].values)
        x = bottom[0].values.read(place)
        b = self.read(self.operand.values).reshape(self.spread)
        self.xp.add(x, b, out=top[0].values.overwrite(place))

    def affine(self) -> tuple[Array, Array] | None:
        if not self.blobs or self.operand is not self.blobs[0] or self.axes != (1, 2):
            return None
        shift = self.operand.values.read(Place.HOST).astype(np.float64)
        return np.ones_like(shift), shift

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        """db = sum of dy over the axes it lacks; dx = dy."""
        place = self.follow(top[0].grads)
        dy = top[0].grads.read(place)
        learned = len(bottom) == 1
        if self.param_propagate_down[0] if learned else propagate_down[1]:
            if not learned:
                self.operand.grads.zero()  # a bottom's gradient is overwritten, not added to
            self.accumulate(self.operand.grads, dy.sum(self.summed).reshape(self.operand.shape))
        if propagate_down[0] and bottom[0] is not top[0]:
            bottom[0].grads.overwrite(place)[...] = dy
