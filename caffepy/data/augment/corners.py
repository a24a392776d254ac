"""Windows from the corners, the middle and between, of several sizes: TSN's, for single pictures.

    crop_size: 224 multi_scale: true fix_crop: true more_fix_crop: false max_distort: 1
    scale_ratios: 1 scale_ratios: 0.875 scale_ratios: 0.75 scale_ratios: 0.66

In TRAIN. A window's sides are shares of the picture's shorter side, scale_ratios (these four, if
none are given), at most max_distort (1) places apart in their list; one that is less than 3 pixels
from crop_size is crop_size. With fix_crop it lies in a corner or in the middle, with more_fix_crop
also at the middles of the sides and between all these, else anywhere. It is brought to crop_size,
linear. Without multi_scale its sides are crop_size. yjxiong's (Wang et al., 2016); of clips,
data/segments.py takes the same windows.
"""

from __future__ import annotations

from caffepy.data.augment.area import check_side
from caffepy.data.augment.part import Part, TakesPart
from caffepy.data.draws import Dice
from caffepy.data.tsn_crop import TsnCrop
from caffepy.proto import caffe_pb2

BITS = 1 << 32


class Corners(TakesPart):
    """Args:
        param: the transform_param.
        emit: which boxes stay on the window.

    Raises:
        ConfigError: no crop_size, or scale_ratios that are no shares.
    """

    name = "corners"

    def __init__(self, param: caffe_pb2.TransformationParameter,
                 emit: caffe_pb2.EmitConstraint | None = None) -> None:
        super().__init__(emit)
        check_side("multi_scale and fix_crop", param.crop_size)
        self.crop = TsnCrop(param, at_random=True)

    def part(self, height: int, width: int, dice: Dice) -> Part | None:
        bits = (dice.below(BITS) for _ in range(3))
        return Part(*self.crop.window(height, width, *bits), self.crop.side, self.crop.side)
