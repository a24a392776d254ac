"""yolo_data_jitter: the picture loses up to so much of its width and of its height.

Of five pictures one stays whole, one loses up to half as much, three all of it; the part that is
left lies anywhere. One share is drawn for both sides if resize_param, the first one, keeps the
picture's shape and pads it. MobileNet-YOLO's, after darknet's.
"""

from __future__ import annotations

import numpy as np

from caffepy.data.augment.change import Change, Changed
from caffepy.data.augment.sample import cut_out
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

MOST = 0.3  # unless yolo_data_jitter says otherwise
WHOLE, HALF = 0.2, 0.4  # up to where a number out of [0, 1) means this


class Jitter(Change):
    """Args:
        jitter: the largest share that is lost.
        param: the transform_param.

    Raises:
        ConfigError: it is no share.
    """

    name = "sample"

    def __init__(self, jitter: float, param: caffe_pb2.TransformationParameter) -> None:
        if not 0 <= jitter < 1:
            raise ConfigError("yolo_data_jitter is a share of the picture's sides",
                              found=f"{jitter:g}", allowed="0 up to, but not, 1")
        self.jitter = jitter
        modes = [one.resize_mode for one in param.resize_param[:1]]
        self.alike = modes == [caffe_pb2.ResizeParameter.FIT_LARGE_SIZE_AND_PAD]
        self.emit = param.emit_constraint if param.HasField("emit_constraint") else None

    def __call__(self, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
        kind = dice.uniform()
        if kind < WHOLE or not self.jitter:
            return pixels, boxes
        most = self.jitter / 2 if kind < HALF else self.jitter
        wide = dice.uniform(1 - most, 1)
        tall = wide if self.alike else dice.uniform(1 - most, 1)
        left, top = dice.uniform(0, 1 - wide), dice.uniform(0, 1 - tall)
        part = np.array([left, top, left + wide, top + tall], np.float32)
        return cut_out(pixels, boxes, part, self.emit)
