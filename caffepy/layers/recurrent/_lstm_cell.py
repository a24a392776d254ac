"""The arithmetic of an LSTM's cell, shared by LSTM and LSTMUnit.

    i, f, o = sigmoid(a_i), cont * sigmoid(a_f), sigmoid(a_o);  g = tanh(a_g)
    c = f * c_before + i * g;  h = o * tanh(c)
"""

from __future__ import annotations

from typing import Any, NamedTuple

from caffepy.core.memory import Array


class LSTMCell(NamedTuple):
    """One step forward, with what its gradient needs; arrays are N x D, cont is N x 1."""

    i: Array
    f: Array
    o: Array
    g: Array
    forget: Array  # f before cont
    c_before: Array
    c: Array
    tanh_c: Array

    @property
    def h(self) -> Array:
        return self.o * self.tanh_c


def forward(xp: Any, a: Array, c_before: Array, cont: Array) -> LSTMCell:
    """a: N x 4 D, in the order i, f, o, g."""
    size = a.shape[-1] // 4
    i, forget, o = (0.5 * xp.tanh(0.5 * a[..., n * size : (n + 1) * size]) + 0.5
                    for n in range(3))
    g = xp.tanh(a[..., 3 * size :])
    f = cont * forget
    c = f * c_before + i * g
    return LSTMCell(i, f, o, g, forget, c_before, c, xp.tanh(c))


def backward(xp: Any, cell: LSTMCell, dh: Array, dc: Array) -> tuple[Array, Array]:
    """The gradients of a and c_before, from those of h and c."""
    dc = dc + dh * cell.o * (1 - cell.tanh_c**2)
    da = xp.concatenate([
        dc * cell.g * cell.i * (1 - cell.i),
        dc * cell.c_before * cell.f * (1 - cell.forget),
        dh * cell.tanh_c * cell.o * (1 - cell.o),
        dc * cell.i * (1 - cell.g**2),
    ], axis=-1)
    return da, dc * cell.f
