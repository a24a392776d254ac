"""expand_param: the picture lies somewhere on a larger one, so that objects are smaller on it.

    expand_param { prob: 0.5 max_expand_ratio: 4 }

With probability prob, the larger one has r times the height and width, r out of [1,
max_expand_ratio), and the picture lies at any place of it. Around it there is mean_value, or 0.
SSD's (Liu et al., 2016, section 3.6).
"""

from __future__ import annotations

import numpy as np

from caffepy.data.augment import boxes as boxes_of
from caffepy.data.augment import outside
from caffepy.data.augment.change import Change, Changed
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

MOST = 1e3  # sides beyond are no numbers of pixels, and no memory holds such pictures
LEAST = 1e-2  # what max_expand_ratio is above 1 by, at least, where anything is done


class Expand(Change):
    """Args:
        param: the transform_param; its expand_param, mean_value and emit_constraint count.

    Raises:
        ConfigError: a ratio that is not above 1, or a mean_file, which cannot fit pictures of all
            sizes.
    """

    name = "expand"

    def __init__(self, param: caffe_pb2.TransformationParameter) -> None:
        self.param = param.expand_param
        if not 1 < self.param.max_expand_ratio <= MOST:
            raise ConfigError("expand_param: max_expand_ratio must be above 1",
                              found=f"{self.param.max_expand_ratio:g}",
                              allowed=f"above 1, up to {MOST:g}",
                              fix="Leave expand_param out if nothing is to be expanded.")
        if param.HasField("mean_file"):
            raise ConfigError("expand_param fills with the mean, which must be numbers",
                              found="mean_file", fix="Give mean_value.")
        self.mean = [float(value) for value in param.mean_value]
        self.emit = param.emit_constraint if param.HasField("emit_constraint") else None

    def __call__(self, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
        height, width = pixels.shape[:2]
        place = self._place(height, width, dice)
        if place is None:
            return pixels, boxes
        tall, wide, top, left = place
        made = np.empty((tall, wide, *pixels.shape[2:]), pixels.dtype)
        fill = np.clip(np.rint(outside.fill("mean_value", self.mean, pixels)), 0, 255)
        made[...] = fill if pixels.ndim == 3 else fill[0]
        made[top : top + height, left : left + width] = pixels
        size = np.array([width, height, width, height], np.float32)
        window = np.array([-left, -top, wide - left, tall - top], np.float32) / size
        return made, boxes_of.cut(boxes, window, self.emit)

    def labels(self, labels: np.ndarray, dice: Dice, ignored: int) -> np.ndarray:
        height, width = labels.shape
        place = self._place(height, width, dice)
        if place is None:
            return labels
        tall, wide, top, left = place
        made = np.full((tall, wide), ignored, labels.dtype)
        made[top : top + height, left : left + width] = labels
        return made

    def _place(self, height: int, width: int, dice: Dice) -> tuple[int, int, int, int] | None:
        """Height and width of the larger one, and where on it a picture lies; None without one."""
        most = self.param.max_expand_ratio
        if dice.uniform() > self.param.prob or most - 1 < LEAST:
            return None
        ratio = dice.uniform(1, most)
        tall, wide = int(height * ratio), int(width * ratio)
        return tall, wide, int(dice.uniform(0, tall - height)), int(dice.uniform(0, wide - width))
