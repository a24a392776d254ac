"""Windows of random area and shape, brought to crop_size: Inception's crops.

    random_aspect_ratio_param { min_area_ratio: 0.08 max_area_ratio: 1 aspect_ratio_change: 0.866
                                max_attempt: 10 resize_param { interp_mode: LINEAR } }      (Intel)
    original_image: true                                                                (yjxiong)

Intel's: a window has a share a of the picture's area, out of [min_area_ratio, max_area_ratio], and
sides of sqrt(a H W) r and sqrt(a H W) / r, r out of [c, 1/c] with c = aspect_ratio_change; which is
the height is drawn, too. Shares and r are whole thousandths above their lower bounds. If it fits,
it lies anywhere; after max_attempt windows that do not fit, the picture's shorter side becomes
crop_size and the crop cuts the rest. In TEST, too. Szegedy et al., "Going Deeper with Convolutions"
(2014), use 0.08 to 1 and shapes from 3/4 to 4/3: c is the root of 3/4.

yjxiong's: 0.6 to 1 of the area, height and width sqrt(a H W / s), sqrt(a H W s) with s out of [0.8,
1.25); after ten that do not fit, the sides' 7/8. In TEST the middle's 7/8. The interpolation is
cubic.
"""

from __future__ import annotations

import numpy as np

from caffepy.data.augment.change import check_range
from caffepy.data.augment.part import Part, TakesPart, whole
from caffepy.data.augment.short_side import drawn, modes
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

CUBIC = 2  # OpenCV's number


class RandomAspectRatio(TakesPart):
    """Args:
        param: the random_aspect_ratio_param.
        side: crop_size.
        emit: which boxes stay on the window.

    Raises:
        ConfigError: no crop_size, shares or a change that cannot be, or a word of resize_param that
            means nothing.
    """

    name = "random_aspect_ratio"

    def __init__(self, param: caffe_pb2.RandomAspectRatioParameter, side: int,
                 emit: caffe_pb2.EmitConstraint | None = None) -> None:
        super().__init__(emit)
        check_side("random_aspect_ratio_param", side)
        check_range("random_aspect_ratio_param", param.min_area_ratio, param.max_area_ratio, 0, 1,
                    ("min_area_ratio", "max_area_ratio"))
        if not 0 < param.aspect_ratio_change <= 1:
            raise ConfigError("random_aspect_ratio_param: aspect_ratio_change is the least factor "
                              "of a side", found=f"{param.aspect_ratio_change:g}",
                              allowed="above 0, up to 1")
        self.param, self.side = param, side
        self.modes = modes("random_aspect_ratio_param", param.resize_param)

    def part(self, height: int, width: int, dice: Dice) -> Part | None:
        p, change = self.param, self.param.aspect_ratio_change
        for _ in range(p.max_attempt):
            share = _thousandths(p.min_area_ratio, p.max_area_ratio, dice)
            factor = _thousandths(change, 1 / change, dice)
            root = np.sqrt(np.float32(share * height * width))
            tall, wide = int(root * np.float32(factor)), int(root / np.float32(factor))
            if _thousandths(0, 1, dice) < 0.5:
                tall, wide = wide, tall
            if 0 < tall <= height and 0 < wide <= width:
                top, left = dice.below(height - tall + 1), dice.below(width - wide + 1)
                return Part(top, left, tall, wide, self.side, self.side, drawn(self.modes, dice))
        shorter, longer = min(height, width), max(height, width)
        other = int(np.float32(longer) / np.float32(shorter) * np.float32(self.side))
        tall, wide = (self.side, other) if height < width else (other, self.side)
        return whole(height, width, tall, wide, drawn(self.modes, dice))


class OriginalImage(TakesPart):
    """Args:
        side: crop_size.
        at_random: else the middle is taken.
        emit: which boxes stay on the window.

    Raises:
        ConfigError: no crop_size.
    """

    name = "original_image"

    def __init__(self, side: int, at_random: bool,
                 emit: caffe_pb2.EmitConstraint | None = None) -> None:
        super().__init__(emit)
        check_side("original_image", side)
        self.side, self.at_random = side, at_random

    def part(self, height: int, width: int, dice: Dice) -> Part | None:
        tall, wide = max(height // 8 * 7, 1), max(width // 8 * 7, 1)
        if not self.at_random:
            return Part(height // 14, width // 14, tall, wide, self.side, self.side, CUBIC)
        for _ in range(10):
            area = np.float32(height * width) * np.float32(dice.uniform(0.6, 1))
            shape = np.float32(dice.uniform(0.8, 1.25))
            high, broad = int(np.sqrt(area / shape)), int(np.sqrt(area * shape))
            if 0 < high <= height and 0 < broad <= width:
                tall, wide = high, broad
                break
        top = dice.below(height - tall) if tall < height else 0
        left = dice.below(width - wide) if wide < width else 0
        return Part(top, left, tall, wide, self.side, self.side, CUBIC)


def check_side(word: str, side: int) -> None:
    """Raise ConfigError unless there is a crop_size, which this word needs."""
    if not side:
        raise ConfigError(f"{word} needs crop_size, the side that windows are brought to",
                          fix="Add crop_size: 224.")


def _thousandths(low: float, high: float, dice: Dice) -> float:
    """low + a whole number of thousandths, up to high."""
    return low + dice.below(int((high - low) * 1000 + 1)) / 1000
