"""twtygqyy's colours and filters, each for a share of the pictures, apply_probability (0.5).

    max_color_shift: 20                     a colour, of three whole numbers up to it, is added or
                                            taken off
    contrast_brightness_adjustment: true    a x + b, a out of [min_contrast, max_contrast) (0.8 to
                                            1.2), b a whole number up to max_brightness_shift (5)
                                            each way
    smooth_filtering: true                  a Gaussian, mean, median or box filter of k x k pixels
                                            (2 k x 2 k), k odd and at most max_smooth (6)

In TRAIN alone, in this order; values are rounded and kept in 0..255. A median takes pictures of 1,
3 or 4 channels.
"""

from __future__ import annotations

import numpy as np

from caffepy.data.augment import outside
from caffepy.data.augment.change import Sometimes, check_range
from caffepy.data.augment.distort import level
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

P = caffe_pb2.TransformationParameter
BYTES = 255


class ColorShift(Sometimes):
    """Args:
        param: the transform_param.

    Raises:
        ConfigError: more than a byte, or no probability.
    """

    name = "color_shift"

    def __init__(self, param: P) -> None:
        super().__init__(chance(param))
        self.most = param.max_color_shift
        check_range("max_color_shift", 0, self.most, 0, BYTES)

    def changed(self, pixels: np.ndarray, dice: Dice) -> np.ndarray:
        import cv2

        shift = [dice.below(self.most + 1) for _ in range(3)]
        if (count := outside.channels(pixels)) != 3:
            shift = shift[:1] * min(count, 4)
        change = cv2.subtract if dice.below(2) else cv2.add
        return change(pixels, np.array([*shift, 0, 0, 0][:4], np.float64))


class Contrast(Sometimes):
    """Args:
        param: the transform_param.

    Raises:
        ConfigError: bounds that cannot be, or no probability.
    """

    name = "contrast"

    def __init__(self, param: P) -> None:
        super().__init__(chance(param))
        self.low = param.min_contrast if param.HasField("min_contrast") else 0.8
        self.high = param.max_contrast if param.HasField("max_contrast") else 1.2
        check_range("contrast", self.low, self.high, names=("min_contrast", "max_contrast"))
        self.shift = param.max_brightness_shift if param.HasField("max_brightness_shift") else 5
        check_range("max_brightness_shift", 0, self.shift, 0, BYTES)

    def changed(self, pixels: np.ndarray, dice: Dice) -> np.ndarray:
        factor = dice.uniform(self.low, self.high)
        return level(pixels, factor, dice.below(2 * self.shift + 1) - self.shift)


class Smooth(Sometimes):
    """Args:
        param: the transform_param.

    Raises:
        ConfigError: a max_smooth that cannot be, or no probability.
    """

    name = "smooth"

    def __init__(self, param: P) -> None:
        super().__init__(chance(param))
        self.most = param.max_smooth if param.HasField("max_smooth") else 6.0
        check_range("max_smooth", 0, self.most)

    def changed(self, pixels: np.ndarray, dice: Dice) -> np.ndarray:
        import cv2

        if self.most < 2:
            return pixels
        kind = dice.below(4)
        side = 1 + 2 * dice.below(int(self.most / 2))
        if kind == 0:
            made = cv2.GaussianBlur(pixels, (side, side), 0)
        elif kind == 1:
            made = cv2.blur(pixels, (side, side))
        elif kind == 2:
            made = cv2.medianBlur(pixels, side)
        else:
            made = cv2.boxFilter(pixels, -1, (2 * side, 2 * side))
        return made


def chance(param: P) -> float:
    """apply_probability, 0.5 where it is not given."""
    found = param.apply_probability if param.HasField("apply_probability") else 0.5
    if not 0 <= found <= 1:
        raise ConfigError("apply_probability is a probability", found=f"{found:g}",
                          allowed="0 to 1")
    return found
