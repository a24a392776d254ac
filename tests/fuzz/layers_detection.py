"""Layers of detectors."""

from __future__ import annotations

import math

from fuzz.draw import Draw
from fuzz.layers import Bottom, Made, layer


@layer("Permute")
def permute(draw: Draw) -> Made:
    shape = draw.shape()
    order = draw.rng.permutation(len(shape)).tolist()
    if len(shape) == 4 and draw.chance():
        order = [0, 2, 3, 1]
    order = order[: draw.integer(0, len(order))]
    words = " ".join(f"order: {axis}" for axis in order)
    first = [*order, *(axis for axis in range(len(shape)) if axis not in order)][0]
    return Made(f"permute_param {{ {words} }}", [Bottom(shape)], open=first == 0)


@layer("Normalize")
def normalize(draw: Draw) -> Made:
    shape = draw.images() if draw.chance(0.7) else (draw.integer(1, 6), draw.integer(2, 30))
    if draw.kind in ("whole", "small"):  # of a pixel of zeros nothing but rounding is left
        draw.kind = "shifted"
    flags = [str(draw.chance()).lower() for _ in range(2)]
    return Made(f"norm_param {{ across_spatial: {flags[0]} channel_shared: {flags[1]} eps: 0.01 "
                f"scale_filler {{ type: 'constant' value: {draw.pick((1, 20))} }} }}",
                [Bottom(shape)], terms=math.prod(shape))


@layer("Normalize", "Normalize of happynear's layer")
def normalize_of_happynear(draw: Draw) -> Made:
    shape = draw.images() if draw.chance(0.7) else (draw.integer(1, 6), draw.integer(2, 30))
    if draw.kind in ("whole", "small"):
        draw.kind = "shifted"
    tops = draw.integer(1, 2)
    return Made(f"normalize_param {{ normalize_type: '{draw.pick(('L1', 'L2'))}' "
                f"bp_norm: {str(draw.chance()).lower()} }}", [Bottom(shape)], tops=tops)
