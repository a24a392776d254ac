"""Layers between the data and the net."""

from __future__ import annotations

from fuzz.draw import Draw
from fuzz.layers import Bottom, Made, layer


@layer("MixUp")
def mix_up(draw: Draw) -> Made:
    """In TRAIN each net draws, and has labels of its own."""
    shape, classes = draw.images(800), draw.integer(2, 9)
    return Made(f"mixup_param {{ num_classes: {classes} alpha: {draw.pick((0.2, 1))} "
                f"cutmix_alpha: {draw.pick((0, 1))} prob: {draw.pick((0.5, 1))} }}",
                [Bottom(shape), Bottom(shape[:1], "labels", classes - 1)], tops=2, open=False)
