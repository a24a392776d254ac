"""The shorter side gets a length, and the picture keeps its shape.

    min_side: 256                                       that length (twtygqyy)
    min_side_min: 256 min_side_max: 480                 one of these, all equally likely (twtygqyy)
    random_resize_param { min_size: 256 max_size: 480   likewise; 0 is the shorter, the longer side
                          resize_param { interp_mode: CUBIC } }     of the picture itself (Intel)

In TEST, too. The other side is rounded up by twtygqyy's words and down by Intel's, as in their
forks. Of random_resize_param's resize_param interp_mode counts; of several one is drawn. It is
linear else.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np

from caffepy.data.augment import outside
from caffepy.data.augment.change import check_range
from caffepy.data.augment.part import Part, TakesPart, whole
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2


class MinSide(TakesPart):
    """Args:
        low, high: the bounds of the shorter side.
        word: what gives them, for the error.

    Raises:
        ConfigError: bounds the wrong way round.
    """

    name = "min_side"

    def __init__(self, low: int, high: int, word: str) -> None:
        super().__init__()
        check_range(word, low, high, 1)
        self.low, self.high = low, high

    def part(self, height: int, width: int, dice: Dice) -> Part | None:
        side = self.low + dice.below(self.high - self.low + 1)
        if height <= width:
            return whole(height, width, side, ceil(width / (height / side)))
        return whole(height, width, ceil(height / (width / side)), side)


class RandomResize(TakesPart):
    """Args:
        param: the random_resize_param.

    Raises:
        ConfigError: sizes the wrong way round, or a word of resize_param that means nothing.
    """

    name = "random_resize"

    def __init__(self, param: caffe_pb2.RandomResizeParameter) -> None:
        super().__init__()
        if param.min_size and param.max_size:
            check_range("random_resize_param", param.min_size, param.max_size, 1,
                        names=("min_size", "max_size"))
        self.param = param
        self.modes = modes("random_resize_param", param.resize_param)

    def part(self, height: int, width: int, dice: Dice) -> Part | None:
        low = self.param.min_size or min(height, width)
        high = max(self.param.max_size or max(height, width), low)
        side = low + dice.below(high - low + 1)
        longer = int(np.float32(max(height, width)) / np.float32(min(height, width))
                     * np.float32(side))
        tall, wide = (side, longer) if height < width else (longer, side)
        return whole(height, width, tall, wide, drawn(self.modes, dice))


def modes(word: str, param: caffe_pb2.ResizeParameter) -> list[int]:
    """OpenCV's names of the interp_modes in a message's resize_param.

    Raises:
        ConfigError: it says what cannot be obeyed there.
    """
    strange = [field.name for field, value in param.ListFields()
               if field.name not in ("interp_mode", "prob", "height", "width")
               and (field.name, value) != ("resize_mode", outside.P.WARP)]
    if strange:
        raise ConfigError(f"{word}: of its resize_param interp_mode alone counts",
                          found=strange[0], fix="Take it out: the picture is not padded here.")
    return [outside.interpolation(mode) for mode in param.interp_mode] or [1]


def drawn(modes: Sequence[int], dice: Dice) -> int:
    """One of several; nothing is drawn for one."""
    return modes[dice.below(len(modes))] if len(modes) > 1 else modes[0]
