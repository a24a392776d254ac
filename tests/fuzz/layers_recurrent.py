"""Layers that unroll time."""

from __future__ import annotations

from fuzz.draw import Draw
from fuzz.layers import FILLER, Bottom, Made, layer


def recurrent(draw: Draw) -> Made:
    t, n, d = draw.integer(1, 5), draw.integer(1, 4), draw.integer(1, 12)
    bottoms = [Bottom((t, n, draw.integer(1, 20)), "normal", batch=1),
               Bottom((t, n), "labels", 1, batch=1)]
    if draw.chance(0.3):
        bottoms.append(Bottom((n, draw.integer(1, 9)), "normal", batch=0))
    return Made(f"recurrent_param {{ num_output: {d} weight_filler {FILLER} "
                f"bias_filler {FILLER} }}", bottoms, terms=100)


layer("RNN")(recurrent)
layer("LSTM")(recurrent)


@layer("LSTMUnit")
def lstm_unit(draw: Draw) -> Made:
    n, d = draw.integer(1, 4), draw.integer(1, 12)
    return Made("", [Bottom((1, n, d), "normal", batch=1), Bottom((1, n, 4 * d), "normal", batch=1),
                     Bottom((1, n), "labels", 1, batch=1)], tops=2)
