"""Scale: y = x * s, or x * s + b, with s and b spread over the axes they lack.

bottom  x, any shape; optionally s, whose shape is that of some axes of x, from ``axis`` on
top     y, shape of x; may be the first bottom's blob (in place)
param   scale_param { axis: 1 num_axes: 1 filler { } bias_term: false bias_filler { } }

With one bottom s is learned, its shape ``num_axes`` axes of x (-1: all to the end, 0: a single
number), 1 at first unless a filler is given. b has the shape of s and is always learned.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.common._broadcast import Broadcast
from caffepy.proto import caffe_pb2


@register("Scale", param="scale_param")
class Scale(Broadcast):
    learns = ("scale", "bias")

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        one = caffe_pb2.FillerParameter(type="constant", value=1)
        self.learned(bottom, p.filler if p.HasField("filler") else one)
        if p.bias_term:
            operand = self.blobs[0] if len(bottom) == 1 else bottom[1]
            self.add_blob(operand.shape, p.bias_filler)
        self.bias = len(self.blobs) - 1 if p.bias_term else None
        self.kept: Array = None  # x, where y overwrites it

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        self.operand = self.blobs[0] if len(bottom) == 1 else bottom[1]
        self.align(bottom, self.operand.shape)
        top[0].reshape_like(bottom[0])
        if top[0] is bottom[0] and len(bottom) == 1:
            self.keeps = ()

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        place = self.follow(bottom[0].values)
        x = bottom[0].values.read(place)
        self.kept = x.copy() if top[0] is bottom[0] else None
        s = self.spread(self.read(self.operand.values))
        y = top[0].values.overwrite(place)
        self.xp.multiply(x, s, out=y)
        if self.bias is not None:
            y += self.spread(self.read(self.blobs[self.bias].values))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        """ds = sum of dy * x and db = sum of dy over the axes they lack; dx = dy * s."""
        place = self.follow(top[0].grads)
        dy = top[0].grads.read(place)
        operand, learned = self.operand, len(bottom) == 1
        if self.bias is not None and self.param_propagate_down[self.bias]:
            b = self.blobs[self.bias]
            self.give(b, self.sum_to(dy, b.shape), True)
        if self.param_propagate_down[0] if learned else propagate_down[1]:
            x = bottom[0].values.read(place) if self.kept is None else self.kept
            self.give(operand, self.sum_to(dy * x, operand.shape), learned)
        if propagate_down[0]:
            s = self.spread(self.read(operand.values))
            self.xp.multiply(dy, s, out=bottom[0].grads.overwrite(place))
