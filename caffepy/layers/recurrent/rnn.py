"""RNN: a plain recurrent layer over a sequence.

    h_t = tanh(W_x x_t + b + W_s x_static + W_h (cont_t * h_{t-1}));  y_t = tanh(W_o h_t + b_o)

bottom  x, T x N x ...: T steps of N sequences side by side; cont, T x N, 0 where a sequence
        begins, else 1; optionally x_static, N x ..., the same at each step; with expose_hidden
        h before the first step, 1 x N x D
top     y, T x N x D; with expose_hidden h after the last step, 1 x N x D
param   recurrent_param { num_output: D weight_filler { } bias_filler { } expose_hidden: false }
learns  W_x, D x K; b, D; W_s, D x K_static, if there is x_static; W_h, D x D; W_o, D x D; b_o, D

Without expose_hidden the next forward goes on from where this one ended. No gradient flows
through the states that go in and out, nor to cont.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.recurrent._recurrent import Recurrent, State


@register("RNN", param="recurrent_param")
class RNN(Recurrent):
    learns = ("input weights", "bias", "static weights", "hidden weights", "output weights",
              "output bias")
    keeps = ("bottom", "top")
    gates = 1
    states = 1

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        size = self.p.num_output
        self.w_o = self.add_blob((size, size), self.p.weight_filler)
        self.b_o = self.add_blob((size,), self.p.bias_filler)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        self.o = Blob(top[0].shape, self.dtype, self.context.mover)  # y before tanh: its gradient
        self.of_h = self.product(self.p.num_output, self.p.num_output)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        super().forward(bottom, top)
        self.of_h.forward(self.h.values, self.w_o.values, self.b_o.values, top[0].values)
        y = self.write(top[0].values)
        self.xp.tanh(y, out=y)

    def cell(self, t: int, a: Array, state: State, cont: Array) -> State:
        return (self.xp.tanh(a),)

    def cell_backward(self, t: int, gradient: State) -> tuple[Array, State]:
        dh, h = gradient[0], self.read(self.h.values)[t]
        return dh * (1 - h * h), (self.xp.zeros_like(dh),)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        y = self.read(top[0].values)
        self.overwrite(self.o.grads)[...] = self.read(top[0].grads) * (1 - y * y)
        w_wanted, b_wanted = self.param_propagate_down[-2:]
        self.of_h.backward_weights(self.h.values, self.o.grads,
                                   self.w_o.grads if w_wanted else None,
                                   self.b_o.grads if b_wanted else None)
        self.of_h.backward_data(self.o.grads, self.w_o.values, self.h.grads)
        self.back_in_time(bottom, self.read(self.h.grads), propagate_down)
