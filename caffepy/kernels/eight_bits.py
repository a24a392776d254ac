"""Numbers of 8 bits: how inputs and weights are rounded for products that are summed in integers.

    x ~ s q,  q = round(x / s), half to even, cut to 0 ... 255, or -128 ... 127 if x may be negative
    w_o ~ s_o q_o,  s_o = max |w_o| / 127 for each output o, so nothing is cut

and y_o = s s_o (sum of q q_o) + b_o, of which the sum is exact. One step for all inputs of a layer,
one for each output's weights, both without an offset: H. Wu et al., "Integer Quantization for Deep
Learning Inference: Principles and Empirical Evaluation", 2020, arXiv 2004.09602.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from caffepy.core.memory import Array

SIGNED, UNSIGNED = 127, 255  # the largest whole number of inputs with and without negative ones


class EightBits(NamedTuple):
    """How a layer's inputs are rounded: the step, and whether some are negative."""

    scale: float
    signed: bool = False

    @property
    def dtype(self) -> str:
        """The type of what they are rounded to."""
        return "int8" if self.signed else "uint8"


def as_inputs(x: Array, quantized: EightBits | None) -> Array:
    """What x is rounded to, as numbers of its own type; x itself if it is not to be rounded."""
    if quantized is None:
        return x
    low, high = (-SIGNED - 1, SIGNED) if quantized.signed else (0, UNSIGNED)
    step = x.dtype.type(quantized.scale)
    return np.clip(np.rint(x / step), low, high) * step


def as_weights(w: Array, quantized: EightBits | None) -> Array:
    """The same for weights (O, ...)."""
    if quantized is None:
        return w
    whole, scale = rounded_weights(w)
    return whole.astype(w.dtype) * scale.reshape(-1, *[1] * (w.ndim - 1)).astype(w.dtype)


def rounded_weights(w: Array) -> tuple[Array, Array]:
    """Weights (O, ...) as int8, and the step of each output; 1 for one whose weights are all 0."""
    w = w.astype(np.float32, copy=False)
    largest = np.abs(w.reshape(len(w), -1)).max(axis=1)
    scale = np.where(largest > 0, largest / SIGNED, 1).astype(np.float32)
    return np.rint(w / scale.reshape(-1, *[1] * (w.ndim - 1))).astype(np.int8), scale
