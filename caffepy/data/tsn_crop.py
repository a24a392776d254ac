"""TSN's windows of a clip: of several sizes and shapes, from the corners, the middle and between.

Wang et al., "Temporal Segment Networks: Towards Good Practices for Deep Action Recognition" (2016).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from caffepy.data.draws import below
from caffepy.errors import ConfigError, ShapeError
from caffepy.proto import caffe_pb2

RATES = (1.0, 0.875, 0.75, 0.66)  # of the shorter side, unless scale_ratios says others
CLOSE = 3  # a side that is less than so far from crop_size is made crop_size
CORNERS = ((0, 0), (0, 4), (4, 0), (4, 4), (2, 2))  # of the room in quarters; the last: the middle
MORE = ((0, 2), (4, 2), (2, 0), (2, 4), (1, 1), (1, 3), (3, 1), (3, 3))


class Window(NamedTuple):
    top: int
    left: int
    height: int
    width: int


class TsnCrop:
    """What transform_param says of windows.

    Args:
        rule: the layer's transform_param.
        at_random: else the middle of crop_size is taken, as in TEST.
    """

    def __init__(self, rule: caffe_pb2.TransformationParameter, at_random: bool) -> None:
        self.side = rule.crop_size
        self._at_random = at_random
        self._multi = rule.multi_scale
        self._most = rule.max_distort if rule.HasField("max_distort") else 1
        self._rates = np.array(rule.scale_ratios or RATES, np.float32)
        if (self._rates <= 0).any() or (self._rates > 1).any():
            raise ConfigError("scale_ratios are shares of the shorter side",
                              found=", ".join(f"{rate:g}" for rate in self._rates),
                              allowed="0 < ratio <= 1")
        if self._most < 0:
            raise ConfigError("max_distort is how far apart two scale_ratios may be in their list",
                              found=self._most, allowed="0 or more")
        self._places = () if not rule.fix_crop else CORNERS + (MORE if rule.more_fix_crop else ())

    def window(self, height: int, width: int, size: int, row: int, column: int) -> Window:
        """One of a clip of this size, by 32 random bits for its size and two for its place."""
        side = self.side
        if not side:
            return Window(0, 0, height, width)
        if side > min(height, width):
            raise ShapeError("the frames are smaller than crop_size", found=f"{height} x {width}",
                             allowed=f"{side} x {side} or more")
        if not self._at_random:
            return Window((height - side) // 2, (width - side) // 2, side, side)
        sizes = self._sizes(min(height, width)) if self._multi else [(side, side)]
        high, wide = sizes[below(size, len(sizes))]
        if self._places:
            down, right = self._places[below(row, len(self._places))]
            return Window(down * ((height - high) // 4), right * ((width - wide) // 4), high, wide)
        return Window(below(row, height - high + 1), below(column, width - wide + 1), high, wide)

    def _sizes(self, base: int) -> list[tuple[int, int]]:
        sides = [int(np.float32(base) * rate) for rate in self._rates]
        sides = [self.side if abs(side - self.side) < CLOSE else max(side, 1) for side in sides]
        return [(high, wide) for i, high in enumerate(sides) for j, wide in enumerate(sides)
                if abs(i - j) <= self._most]
