"""How a picture is brought to the size of a detector's input, and boxes back to the picture.

    resize_param { WARP }, or nothing said    stretched to the input's height and width
    FIT_SMALL_SIZE                            as small as covers height and width; the input becomes
                                              as large as that
    FIT_LARGE_SIZE_AND_PAD                    as large as fits in, in the middle; the rest is padded
    shorter_side: S longer_side: L            min(S / shorter, L / longer) times as large, as for
                                              Faster R-CNN; the input becomes as large as that

As in caffepy/data/augment/resize.py; of several interp_modes the first is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.data import opencv
from caffepy.data.augment.boxes import NONE
from caffepy.data.augment.resize import Resize
from caffepy.data.draws import Dice
from caffepy.proto import caffe_pb2
from caffepy.services.picture_rule import PictureRule

Array = NDArray[Any]


@dataclass(frozen=True)
class Fitted:
    """A picture in a net's size.

    Attributes:
        pixels: H x W x C, or H x W if it is gray.
        size: width and height of the picture as it was.
        start, span: where it begins, and how wide and high it is, in shares of ``pixels``' width
            and height.
    """

    pixels: Array
    size: tuple[int, int]
    start: tuple[float, float] = (0, 0)
    span: tuple[float, float] = (1, 1)

    @property
    def scales(self) -> tuple[float, float]:
        """How much higher and wider the picture is than it was."""
        height, width = self.pixels.shape[:2]
        return height * self.span[1] / self.size[1], width * self.span[0] / self.size[0]

    def back(self, boxes: Array) -> Array:
        """Boxes in shares of ``pixels``, n x 4: xmin, ymin, xmax, ymax, as pixels of the picture,
        cut to it."""
        shares = (boxes - np.tile(self.start, 2)) / np.tile(self.span, 2)
        return np.asarray(np.clip(shares, 0, 1) * np.tile(self.size, 2))


def fit(picture: Array, size: Sequence[int], rule: PictureRule | None) -> Fitted:
    """Bring a picture to the size that a net's file says, else to that of its input.

    Args:
        picture: H x W x C, or H x W if it is gray, bytes.
        size: height and width of the input.

    Raises:
        ConfigError: a resize_param without height and width.
    """
    height, width = picture.shape[:2]
    if rule is not None and rule.sides:
        cv2 = opencv.load()
        scale = _scale(height, width, *rule.sides)
        return Fitted(cv2.resize(picture, None, fx=scale, fy=scale), (width, height))
    param = caffe_pb2.ResizeParameter(height=size[0], width=size[1])
    if rule is not None and rule.resize is not None:
        param.MergeFrom(rule.resize)
        del param.interp_mode[1:]
    resize = Resize(param)
    pixels, _ = resize(picture, NONE, Dice(0, 0))
    if param.resize_mode != param.FIT_LARGE_SIZE_AND_PAD:
        return Fitted(pixels, (width, height))
    tall, wide = map(float, resize.fitted(height, width))
    room = param.width, param.height
    span = wide / room[0], tall / room[1]
    return Fitted(pixels, (width, height), ((1 - span[0]) / 2, (1 - span[1]) / 2), span)


def _scale(height: int, width: int, shorter: int, longer: int) -> float:
    """Fast R-CNN's; ``longer`` 0: any length."""
    short, long = sorted((height, width))
    scale = shorter / short
    return longer / long if longer and round(scale * long) > longer else scale
