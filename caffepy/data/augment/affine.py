"""affine_param: pictures turned, sheared, stretched and moved; max_rotation_angle: turned.

    affine_param { prob: 1 max_rotate_angle: 10 max_shear_ratio: 0.1 max_aspect_ratio: 0.1
                   min_random_scale: 0.9 max_random_scale: 1.1 max_random_shift: 0.1
                   interp_mode: LINEAR pad_mode: CONSTANT pad_value: 0 }

In TRAIN alone. Of the angle a (degrees, anticlockwise), the shear s, the aspect d and the shifts u
and v each is out of [-max, max), the scale z out of [min_random_scale, max_random_scale). A point
(x, y), in pixels from the picture's middle, y downwards, goes to

    z R(a) S(s) D(d) (x, y) + (u W, v H)

    R = [cos a, sin a; -sin a, cos a]   S = [1, s; 0, 1]   D = [sqrt(1 + d), 0; 0, 1 / sqrt(1 + d)]

The words are those of happynear's faces and of cxxnet, whose max_random_shift is in pixels. The
size stays; outside lies pad_value (0), the picture mirrored or its border repeated.

max_rotation_angle: 30 (twtygqyy) turns by a whole number of degrees, up to so many each way, also
in TRAIN alone. The picture gets as large as it must to show all of it; around it is black.
"""

from __future__ import annotations

from math import ceil, cos, floor, radians, sin, sqrt

import numpy as np

from caffepy.data.augment import outside
from caffepy.data.augment.change import check_prob, check_range
from caffepy.data.augment.warp import Move, Warp, shift
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

SIZES = ("max_rotate_angle", "max_shear_ratio", "max_aspect_ratio", "max_random_shift")


class Affine(Warp):
    """Args:
        param: the affine_param.
        emit: which boxes stay.

    Raises:
        ConfigError: bounds that cannot be.
    """

    name = "affine"

    def __init__(self, param: caffe_pb2.AffineParameter,
                 emit: caffe_pb2.EmitConstraint | None = None) -> None:
        super().__init__("affine_param", param.interp_mode, param.pad_mode,
                         tuple(param.pad_value), emit)
        check_prob("affine_param", param.prob)
        for word in SIZES:
            if (found := getattr(param, word)) < 0:
                raise ConfigError(f"affine_param: {word} must not be negative", found=f"{found:g}")
        if param.max_aspect_ratio >= 1:
            raise ConfigError("affine_param: max_aspect_ratio is what a side loses",
                              found=f"{param.max_aspect_ratio:g}", allowed="0 up to, but not, 1")
        check_range("affine_param", param.min_random_scale, param.max_random_scale, 1e-3,
                    names=("min_random_scale", "max_random_scale"))
        self.param = param

    def move(self, height: int, width: int, dice: Dice) -> Move | None:
        p = self.param
        if not dice.happens(p.prob):
            return None
        angle, shear, aspect = (dice.uniform(-most, most) for most in (
            p.max_rotate_angle, p.max_shear_ratio, p.max_aspect_ratio))
        scale = dice.uniform(p.min_random_scale, p.max_random_scale)
        right, down = (dice.uniform(-p.max_random_shift, p.max_random_shift) * side
                       for side in (width, height))
        root = sqrt(1 + aspect)
        sheared = np.array([[1, shear], [0, 1]]) @ np.diag([root, 1 / root])
        matrix = np.eye(3)
        matrix[:2, :2] = scale * turn(angle) @ sheared
        middle = (width - 1) / 2, (height - 1) / 2
        matrix = shift(middle[0] + right, middle[1] + down) @ matrix @ shift(
            -middle[0], -middle[1])
        if (matrix == np.eye(3)).all():
            return None
        return Move(matrix, (height, width))


class Rotation(Warp):
    """Args:
        most: max_rotation_angle, in degrees; its fraction is left out, as in the fork.
        emit: which boxes stay.

    Raises:
        ConfigError: a negative angle.
    """

    name = "rotation"

    def __init__(self, most: float, emit: caffe_pb2.EmitConstraint | None = None) -> None:
        super().__init__("max_rotation_angle", outside.P.LINEAR, emit=emit)
        if not 0 <= most <= 360:
            raise ConfigError("max_rotation_angle is in degrees", found=f"{most:g}",
                              allowed="0 to 360")
        self.most = int(most)

    def move(self, height: int, width: int, dice: Dice) -> Move | None:
        angle = dice.below(2 * self.most + 1) - self.most
        if not angle:
            return None
        around = turn(angle)
        corners = np.array([[x, y] for x in (-width / 2, width / 2)
                            for y in (-height / 2, height / 2)]) @ around.T
        corners = np.round(corners + (width / 2, height / 2), 4)
        low, high = corners.min(0), corners.max(0)
        wide, tall = (ceil(end) - floor(start) + 1 for start, end in zip(low, high, strict=True))
        matrix = np.eye(3)
        matrix[:2, :2] = around
        # the fork turns about (W / 2, H / 2), counted from the middle of the first pixel
        matrix = shift(wide / 2, tall / 2) @ matrix @ shift(-width / 2, -height / 2)
        return Move(matrix, (tall, wide))


def turn(angle: float) -> np.ndarray:
    """The matrix that turns by so many degrees, anticlockwise as one sees it: y goes downwards."""
    a = radians(angle)
    return np.array([[cos(a), sin(a)], [-sin(a), cos(a)]])
