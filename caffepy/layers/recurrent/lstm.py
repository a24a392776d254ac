"""LSTM: long short-term memory over a sequence.

    a_t = W_x x_t + b + W_s x_static + W_h (cont_t * h_{t-1}), as gates i, f, o, g of D numbers
    c_t = cont_t * sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g);  h_t = sigmoid(o) * tanh(c_t)

bottom  x, T x N x ...: T steps of N sequences side by side; cont, T x N, 0 where a sequence
        begins, else 1; optionally x_static, N x ..., the same at each step; with expose_hidden
        h and c before the first step, 1 x N x D each
top     h, T x N x D; with expose_hidden h and c after the last step, 1 x N x D each
param   recurrent_param { num_output: D weight_filler { } bias_filler { } expose_hidden: false }
learns  W_x, 4D x K; b, 4D; W_s, 4D x K_static, if there is x_static; W_h, 4D x D

Without expose_hidden the next forward goes on from where this one ended. No gradient flows
through the states that go in and out, nor to cont.
Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997, with Donahue et al., 2015.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.recurrent import _lstm_cell
from caffepy.layers.recurrent._recurrent import Recurrent, State


@register("LSTM", param="recurrent_param")
class LSTM(Recurrent):
    learns = ("input weights", "bias", "static weights", "hidden weights")
    gates = 4
    states = 2

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.cells: list[_lstm_cell.LSTMCell] = []
        super().forward(bottom, top)
        self.overwrite(top[0].values)[...] = self.read(self.h.values)

    def cell(self, t: int, a: Array, state: State, cont: Array) -> State:
        self.cells.append(_lstm_cell.forward(self.xp, a, state[1], cont))
        return self.cells[-1].h, self.cells[-1].c

    def cell_backward(self, t: int, gradient: State) -> tuple[Array, State]:
        da, dc = _lstm_cell.backward(self.xp, self.cells[t], *gradient)
        return da, (self.xp.zeros_like(dc), dc)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        self.back_in_time(bottom, self.read(top[0].grads), propagate_down)
