"""How a layer's inputs are rounded to 8 bits."""

from __future__ import annotations

from caffepy.core import int8
from caffepy.core.layer import Layer
from caffepy.kernels.eight_bits import EightBits


def quantized(layer: Layer) -> EightBits | None:
    """For the spec of the layer's kernel; see core.int8."""
    given = int8.wanted(layer)
    if given is None:
        return None
    if not given.input_scale > 0:
        layer.fail("input_scale of int8_param must be a positive number", found=given.input_scale)
    return EightBits(given.input_scale, given.input_signed)
