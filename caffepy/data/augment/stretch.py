"""NVIDIA's random sizes and stretches.

    img_rand_resize_lower: 256 img_rand_resize_upper: 480           the shorter side
    rand_resize_ratio_lower: 1 rand_resize_ratio_upper: 1.33        longer to shorter side, instead
                                                                    of the picture's own
    vertical_stretch_lower: 0.9 vertical_stretch_upper: 1.1         then, factors of the sides
    horizontal_stretch_lower: 0.9 horizontal_stretch_upper: 1.1
    allow_upscale: false            no side gets longer than it is
    interpolation_algo_down: INTER_NEAREST interpolation_algo_up: INTER_CUBIC

In TEST, too. Sizes are whole numbers, both bounds included. Which side of a square is the longer is
drawn as well. No side gets shorter than crop_size. A size needs both bounds, and a ratio a lower
one of 1 or more; else they are passed over, as in the fork.
"""

from __future__ import annotations

from math import floor

import numpy as np

from caffepy.data.augment.change import check_range
from caffepy.data.augment.part import Part, TakesPart, whole
from caffepy.data.augment.words import STRETCHES
from caffepy.data.draws import Dice
from caffepy.proto import caffe_pb2

P = caffe_pb2.TransformationParameter


def asked(param: P) -> bool:
    """Whether any of the words is given."""
    return any(map(param.HasField, STRETCHES))


class Stretch(TakesPart):
    """Args:
        param: the transform_param.

    Raises:
        ConfigError: sizes, ratios or stretches whose bounds are the wrong way round.
    """

    name = "stretch"

    def __init__(self, param: P) -> None:
        import cv2

        super().__init__()
        self.param = param
        self.sizes = param.img_rand_resize_lower, param.img_rand_resize_upper
        self.ratios = _bounds(param, "rand_resize_ratio")
        self.vertical = _bounds(param, "vertical_stretch")
        self.horizontal = _bounds(param, "horizontal_stretch")
        if all(self.sizes):
            check_range("img_rand_resize", *self.sizes, names=("lower", "upper"))
        down, up = cv2.INTER_NEAREST, cv2.INTER_CUBIC
        if param.HasField("interpolation_algo_down"):
            down = int(param.interpolation_algo_down)
        if param.HasField("interpolation_algo_up"):
            up = int(param.interpolation_algo_up)
        self.how = down, up

    def part(self, height: int, width: int, dice: Dice) -> Part | None:
        shorter = min(height, width)
        least, most = self.sizes
        size = least + dice.below(most - least + 1) if least and most else shorter
        scale = np.float32(size) / np.float32(shorter)
        tall, wide = float(scale * np.float32(height)), float(scale * np.float32(width))
        if self.ratios[0] >= 1 and self.ratios[1] > 1:
            ratio = dice.uniform(*self.ratios)
            if wide > tall or (wide == tall and dice.below(2)):
                wide = tall * ratio
            else:
                tall = wide * ratio
        tall *= dice.uniform(*self.vertical)
        wide *= dice.uniform(*self.horizontal)
        least = self.param.crop_size
        high, broad = (max(least, floor(side + 0.5), 1) for side in (tall, wide))
        if not self.param.allow_upscale:
            high, broad = min(high, height), min(broad, width)
        down = high <= height and broad <= width
        return whole(height, width, high, broad, self.how[0 if down else 1])


def _bounds(param: P, word: str) -> tuple[float, float]:
    """Those of a ratio or stretch, 1 where not given."""
    low, high = (getattr(param, f"{word}_{end}") if param.HasField(f"{word}_{end}") else 1.0
                 for end in ("lower", "upper"))
    if low > 0 and high > 0 and word != "rand_resize_ratio":
        check_range(word, low, high, names=("lower", "upper"))
    elif word != "rand_resize_ratio":
        return 1.0, 1.0
    return low, high
