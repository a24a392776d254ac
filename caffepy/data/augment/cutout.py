"""cutout_param: squares of a picture that lie anywhere are set to the mean.

    cutout_param { prob: 1 count: 1 size: 8 }

With probability prob, ``count`` times: a pixel (y, x) of the picture is drawn, all equally likely,
and the rows y - size / 2 up to, but not, y - size / 2 + size (size / 2 rounded down), and the
columns likewise, become 0, in all channels; what lies outside is left out. It comes last, when the
mean is subtracted, so 0 is the mean. In TRAIN alone; labels stay. DeVries and Taylor, "Improved
Regularization of Convolutional Neural Networks with Cutout" (2017).
"""

from __future__ import annotations

import numpy as np

from caffepy.data.augment.change import check_prob
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2


class Cutout:
    """False in TEST.

    Args:
        param: the cutout_param.
        key: what the draws depend on, besides the record's number.

    Raises:
        ConfigError: no size, or what is no probability.
    """

    def __init__(self, param: caffe_pb2.CutoutParameter, phase: int, key: int) -> None:
        check_prob("cutout_param", param.prob)
        if not param.size or not param.count:
            raise ConfigError("cutout_param needs a size, the side of a square in pixels",
                              found=f"{param.count} of {param.size} pixels",
                              fix="Write size: 8, or leave cutout_param out.")
        self._param, self._key = param, key
        self._works = phase == caffe_pb2.TRAIN

    def __bool__(self) -> bool:
        return self._works

    def __call__(self, picture: np.ndarray, number: int) -> None:
        """Change the picture, ... x H x W, of the record of this number."""
        p, dice = self._param, Dice(self._key, number)
        if not dice.happens(p.prob):
            return
        height, width = picture.shape[-2:]
        for _ in range(p.count):
            top, left = (dice.below(side) - p.size // 2 for side in (height, width))
            picture[..., max(top, 0) : max(top + p.size, 0),
                    max(left, 0) : max(left + p.size, 0)] = 0
