"""Layers of nets that say something of each pixel, and forks' BN."""

from __future__ import annotations

from fuzz.draw import Draw
from fuzz.layers import FILLER, Bottom, Made, layer


@layer("BN")
def bn(draw: Draw) -> Made:
    n, c, h, w = draw.images(2500)
    words = draw.pick((
        f"slope_filler {FILLER} bias_filler {FILLER} eps: 1e-2",
        "frozen: true eps: 1e-3",
        f"scale_filler {FILLER} shift_filler {FILLER} bn_mode: INFERENCE",
        "scale_filler { type: 'constant' value: 1 } var_eps: 1e-2",
    ))
    return Made(f"bn_param {{ {words} }}", [Bottom((n + 1, c, h, w), least=2)], terms=4000,
                phases=("TRAIN",))
