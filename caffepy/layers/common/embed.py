"""Embed: a learned vector for each number; y = W[x] + b, an InnerProduct on one-hot vectors.

bottom  x, whole numbers from 0 to input_dim - 1, any shape
top     y, shape of x and num_output
param   embed_param { num_output: 64 input_dim: 1000 bias_term: true weight_filler { }
        bias_filler { } }
learns  W, input_dim x num_output; b, num_output

dW[i] is the sum of dy where x = i. No gradient flows to x.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.layers.common._indices import indices


@register("Embed", param="embed_param")
class Embed(Layer):
    labels = (0,)
    integers = {0: ("index", "Indices are whole numbers.")}
    learns = ("weights", "bias")

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        if p.num_output < 1 or p.input_dim < 1:
            self.fail("num_output and input_dim must be positive",
                      found=f"num_output {p.num_output}, input_dim {p.input_dim}")
        self.add_blob((p.input_dim, p.num_output), p.weight_filler)
        if p.bias_term:
            self.add_blob((p.num_output,), p.bias_filler)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape(*bottom[0].shape, self.p.num_output)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.index = indices(self, bottom[0], self.p.input_dim)
        y = self.overwrite(top[0].values)
        y[...] = self.read(self.blobs[0].values)[self.index]
        if self.p.bias_term:
            y += self.read(self.blobs[1].values)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dy = self.read(top[0].grads)
        if self.param_propagate_down[0]:
            dw, add = self.blobs[0].grads.accumulate(self.context.place)
            if not add:
                dw[...] = 0
            self.xp.add.at(dw, self.index, dy)
        if self.p.bias_term and self.param_propagate_down[1]:
            self.accumulate(self.blobs[1].grads, dy.reshape(-1, self.p.num_output).sum(0))
