"""Reverse: the bottom with one axis read from its end.

bottom  x, any shape
top     y, shape of x: y[i] = x[size - 1 - i] along axis
param   reverse_param { axis: 0 }

dx is dy read from its end. TextBoxes++', CTPN's, caffe_ocr's.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.common._axis import axis_of
from caffepy.layers.common._moved import Moved


@register("Reverse", dialect="textboxes", param="reverse_param")
class Reverse(Moved):
    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        self.axis = axis_of(self, bottom[0], self.p.axis)
        super().reshape(bottom, top)

    def move(self, x: Array) -> Array:
        return self.xp.flip(x, self.axis)

    def back(self, y: Array) -> Array:
        return self.move(y)
