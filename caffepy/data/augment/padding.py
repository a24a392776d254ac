"""padding: so many pixels are put around the picture, before it is cropped.

    padding: 4 padding_mode: CONSTANT padding_value: 0

With crop_size of the picture's own side, the crop shifts it by up to so many pixels, as He et al.
(2015) trained on CIFAR. What lies around it: padding_value, else mean_value, else 0 (padding_mode
CONSTANT, labels are ignored there), the picture mirrored (MIRRORED) or its border repeated
(REPEAT_NEAREST), its labels likewise. In TEST, too, where the crop is from the middle.
"""

from __future__ import annotations

import numpy as np

from caffepy.data.augment import boxes as boxes_of
from caffepy.data.augment import outside
from caffepy.data.augment.change import Change, Changed
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2


class Padding(Change):
    """Args:
        param: the transform_param.

    Raises:
        ConfigError: a mean_file, which has no place for what lies around the picture.
    """

    name = "padding"

    def __init__(self, param: caffe_pb2.TransformationParameter) -> None:
        if param.HasField("mean_file"):
            raise ConfigError("padding puts pixels where mean_file has none",
                              found="padding and mean_file", fix="Give mean_value.")
        self.width = param.padding
        self.mode = param.padding_mode
        self.word = "padding_value" if param.padding_value else "mean_value"
        self.values = np.clip(np.rint(param.padding_value or param.mean_value), 0, 255)

    def __call__(self, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
        height, width = pixels.shape[:2]
        made = self._put(pixels, outside.fill(self.word, self.values, pixels))
        if not len(boxes):
            return made, boxes
        share = np.array([self.width / width, self.width / height], np.float32)
        return made, boxes_of.cut(boxes, np.concatenate([-share, 1 + share]))

    def labels(self, labels: np.ndarray, dice: Dice, ignored: int) -> np.ndarray:
        return self._put(labels, [ignored])

    def _put(self, pixels: np.ndarray, fill: list[float]) -> np.ndarray:
        if self.mode == outside.P.CONSTANT:
            height, width = pixels.shape[:2]
            ends = slice(self.width, self.width + height), slice(self.width, self.width + width)
            made = np.empty((height + 2 * self.width, width + 2 * self.width, *pixels.shape[2:]),
                            pixels.dtype)
            made[...] = fill if pixels.ndim == 3 else fill[0]
            made[ends] = pixels
            return made
        import cv2

        return cv2.copyMakeBorder(pixels, self.width, self.width, self.width, self.width,
                                  outside.border(self.mode))
