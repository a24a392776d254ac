"""LSTMUnit: one step of an LSTM's cell, for nets that unroll time themselves.

    i, f, o = sigmoid(a_i), cont * sigmoid(a_f), sigmoid(a_o);  g = tanh(a_g)
    c = f * c_before + i * g;  h = o * tanh(c)

bottom  c_before, 1 x N x D; a, 1 x N x 4D, the gates i, f, o, g; cont, 1 x N, 0 or 1
top     c, 1 x N x D; h, 1 x N x D
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.recurrent import _lstm_cell


@register("LSTMUnit")
class LSTMUnit(Layer):
    bottoms = "3"
    tops = "2"
    labels = (2,)
    keeps = ()
    recordable = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        c_before, a, cont = (blob.shape for blob in bottom)
        if len(c_before) != 3 or a != (*c_before[:2], 4 * c_before[2]) or cont != c_before[:2]:
            self.fail("the shapes must be 1 x N x D, 1 x N x 4D and 1 x N", kind=ShapeError,
                      found=f"{c_before}, {a} and {cont}")
        for blob in top:
            blob.reshape(c_before)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        c_before, a, cont = (self.read(blob.values) for blob in bottom)
        cell = _lstm_cell.forward(self.xp, a, c_before.copy(), cont[:, :, None])
        self.overwrite(top[0].values)[...] = cell.c
        self.overwrite(top[1].values)[...] = cell.h
        self.cell = cell

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dc, dh = (self.read(blob.grads) for blob in top)
        da, dc_before = _lstm_cell.backward(self.xp, self.cell, dh, dc)
        for blob, gradient, wanted in zip(bottom, (dc_before, da), propagate_down, strict=False):
            if wanted:
                self.overwrite(blob.grads)[...] = gradient
