"""lighting_param: a colour is added to the whole picture, along the axes of many pictures' colours.

    lighting_param { prob: 1 std: 0.1 eigval: 55.46 eigval: 4.79 eigval: 1.15
                     eigvec: -0.58 eigvec: -0.58 eigvec: -0.57  ... }

In TRAIN alone. Each pixel gets the sum over k of a[k] eigval[k] eigvec[k] added, rounded; a[k] is
normal with standard deviation std, drawn once for the picture. eigval are standard deviations of
colours along their axes, for numbers of 0..255; an eigvec is three numbers, blue, green, red.
Without them they are those of ImageNet, in the numbers that most programs have. Krizhevsky,
Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks" (2012),
section 4.1.
"""

from __future__ import annotations

import numpy as np

from caffepy.data.augment.change import Sometimes, check_prob
from caffepy.data.augment.distort import need_colour
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

# standard deviations, and axes as rows, blue, green, red
EIGVAL = 255 * np.array([0.2175, 0.0188, 0.0045])
EIGVEC = np.array([[-0.5836, -0.5808, -0.5675], [-0.6948, -0.0045, 0.7192],
                   [0.4203, -0.8140, 0.4009]])


class Lighting(Sometimes):
    """Args:
        param: the lighting_param.

    Raises:
        ConfigError: axes that are not three of three numbers, or no probability.
    """

    name = "lighting"

    def __init__(self, param: caffe_pb2.LightingParameter) -> None:
        check_prob("lighting_param", param.prob)
        if param.std < 0:
            raise ConfigError("lighting_param: std must not be negative", found=f"{param.std:g}")
        if (len(param.eigval), len(param.eigvec)) not in ((0, 0), (3, 9)):
            raise ConfigError("lighting_param: colours have three axes of three numbers",
                              found=f"{len(param.eigval)} eigval, {len(param.eigvec)} eigvec",
                              allowed="3 and 9, or none for ImageNet's")
        super().__init__(param.prob)
        self.param = param
        self.values, self.axes = EIGVAL, EIGVEC
        if param.eigval:
            self.values = np.array(param.eigval)
            self.axes = np.array(param.eigvec).reshape(3, 3)

    def changed(self, pixels: np.ndarray, dice: Dice) -> np.ndarray:
        import cv2

        p = self.param
        need_colour("the axes of lighting_param", pixels)
        drawn = p.std * dice.normals(3).astype(np.float64)
        colour = np.rint((drawn * self.values) @ self.axes)
        return cv2.add(pixels, np.array([*colour, 0]))
