"""perspective_param: the picture seen aslant.

    perspective_param { prob: 1 max_shift: 0.2 interp_mode: LINEAR pad_mode: CONSTANT pad_value: 0 }

In TRAIN alone. Each corner of the picture moves inwards by shares of width and height, all out of
[0, max_shift), and the plane with them (a homography). The size stays; outside lies pad_value (0),
the picture mirrored or its border repeated.
"""

from __future__ import annotations

import numpy as np

from caffepy.data.augment.change import check_prob
from caffepy.data.augment.warp import Move, Warp
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

INWARDS = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])


class Perspective(Warp):
    """Args:
        param: the perspective_param.
        emit: which boxes stay.

    Raises:
        ConfigError: a shift by which corners could meet.
    """

    name = "perspective"

    def __init__(self, param: caffe_pb2.PerspectiveParameter,
                 emit: caffe_pb2.EmitConstraint | None = None) -> None:
        super().__init__("perspective_param", param.interp_mode, param.pad_mode,
                         tuple(param.pad_value), emit)
        check_prob("perspective_param", param.prob)
        if not 0 <= param.max_shift < 0.5:
            raise ConfigError("perspective_param: max_shift is a share of the sides",
                              found=f"{param.max_shift:g}", allowed="0 up to, but not, 0.5")
        self.param = param

    def move(self, height: int, width: int, dice: Dice) -> Move | None:
        import cv2

        if not dice.happens(self.param.prob) or not self.param.max_shift:
            return None
        right, below = width - 1, height - 1
        corners = np.array([[0, 0], [right, 0], [right, below], [0, below]], np.float64)
        shares = dice.uniforms((4, 2), 0, self.param.max_shift)
        moved = corners + INWARDS * shares * (width, height)
        matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32))
        return Move(matrix, (height, width))
