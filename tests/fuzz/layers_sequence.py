"""Layers of Caffe's forks for sequences."""

from __future__ import annotations

from fuzz.draw import Draw
from fuzz.layers import Bottom, Made, layer


@layer("ContinuationIndicator")
def continuation_indicator(draw: Draw) -> Made:
    return Made(f"continuation_indicator_param {{ time_step: {draw.integer(1, 5)} "
                f"batch_size: {draw.integer(1, 4)} }}", [])


@layer("Reverse")
def reverse(draw: Draw) -> Made:
    shape = draw.shape(1500)
    return Made(f"reverse_param {{ axis: {draw.integer(0, len(shape) - 1)} }}", [Bottom(shape)])


@layer("Transpose")
def transpose(draw: Draw) -> Made:
    shape = draw.shape(1500)
    order = draw.rng.permutation(len(shape)).tolist()
    return Made(f"transpose_param {{ {' '.join(f'dim: {d}' for d in order)} }}", [Bottom(shape)])
