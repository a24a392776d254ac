"""blur_param, gauss_noise_param, jpeg_param: pictures as bad cameras and packers give them.

    blur_param { prob: 0.5 min_sigma: 0.1 max_sigma: 2 }        a Gaussian of sigma pixels
    gauss_noise_param { prob: 0.5 min_std: 0 max_std: 10 }      each number gets a normal one added
    jpeg_param { prob: 0.5 min_quality: 30 max_quality: 95 }    packed and unpacked as JPEG

In TRAIN alone. Of what is between the bounds all is equally likely; qualities are whole numbers,
bounds included. The filter has 2 ceil(3 sigma) + 1 pixels a side; at borders the picture is
mirrored. Numbers are rounded and kept in 0..255.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from caffepy.data.augment.change import Sometimes, check_prob, check_range
from caffepy.data.augment.noise import packed
from caffepy.data.draws import Dice
from caffepy.proto import caffe_pb2


class Blur(Sometimes):
    """Args:
        param: the blur_param.

    Raises:
        ConfigError: bounds that cannot be, or no probability.
    """

    name = "blur"

    def __init__(self, param: caffe_pb2.BlurParameter) -> None:
        check_prob("blur_param", param.prob)
        check_range("blur_param", param.min_sigma, param.max_sigma, 0, 100,
                    ("min_sigma", "max_sigma"))
        super().__init__(param.prob)
        self.param = param

    def changed(self, pixels: np.ndarray, dice: Dice) -> np.ndarray:
        import cv2

        p = self.param
        sigma = dice.uniform(p.min_sigma, p.max_sigma)
        if not sigma:
            return pixels
        side = 2 * ceil(3 * sigma) + 1
        return cv2.GaussianBlur(pixels, (side, side), sigma)


class GaussNoise(Sometimes):
    """Args:
        param: the gauss_noise_param.

    Raises:
        ConfigError: bounds that cannot be, or no probability.
    """

    name = "gauss_noise"

    def __init__(self, param: caffe_pb2.GaussNoiseParameter) -> None:
        check_prob("gauss_noise_param", param.prob)
        check_range("gauss_noise_param", param.min_std, param.max_std, 0, 255,
                    ("min_std", "max_std"))
        super().__init__(param.prob)
        self.param = param

    def changed(self, pixels: np.ndarray, dice: Dice) -> np.ndarray:
        p = self.param
        std = np.float32(dice.uniform(p.min_std, p.max_std))
        made = pixels + std * dice.normals(pixels.size).reshape(pixels.shape)
        return np.clip(np.rint(made), 0, 255).astype(np.uint8)


class Jpeg(Sometimes):
    """Args:
        param: the jpeg_param.

    Raises:
        ConfigError: bounds that cannot be, or no probability.
    """

    name = "jpeg"

    def __init__(self, param: caffe_pb2.JpegParameter) -> None:
        check_prob("jpeg_param", param.prob)
        check_range("jpeg_param", param.min_quality, param.max_quality, 1, 100,
                    ("min_quality", "max_quality"))
        super().__init__(param.prob)
        self.param = param

    def changed(self, pixels: np.ndarray, dice: Dice) -> np.ndarray:
        p = self.param
        return packed(pixels, p.min_quality + dice.below(p.max_quality - p.min_quality + 1))
