"""noise_param: what is wrong with a picture, always the same, in this order.

    noise_param { decolorize: true        # gray, on three channels
                  gauss_blur: true        # 7 x 7 pixels, sigma 1.5
                  hist_eq: true           # all levels equally often; of colours Y, as YCrCb
                  clahe: true             # the same in parts of the picture, contrast at most 4
                  jpeg: 30                # packed with this quality
                  erode: true             # each pixel the least of itself and its four neighbours
                  posterize: true         # four levels: 32, 96, 160, 224
                  inverse: true           # 255 - x
                  saltpepper: true saltpepper_param { fraction: 0.01 value: 255 }
                  convert_to_hsv: true    # bytes, H in steps of two degrees
                  convert_to_lab: true }  # floats: L in 0..100, a and b around 0

prob means nothing, as in SSD's fork, whose this is. There, the bytes that Lab's floats lie in are
then taken for pixels; here, the floats are. A gray picture stays gray as a JPEG.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor

import numpy as np

from caffepy.data.augment import outside
from caffepy.data.augment.change import Change, Changed
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2

LEVEL = 64  # of posterize: so many values become one
CLIP_LIMIT = 4
COLOURFUL = ("decolorize", "convert_to_hsv", "convert_to_lab")


class Noise(Change):
    """Args:
        param: the noise_param.

    Raises:
        ConfigError: a share of pixels, a quality or a value that cannot be.
    """

    name = "noise"

    def __init__(self, param: caffe_pb2.NoiseParameter) -> None:
        salt = param.saltpepper_param
        if not 0 <= salt.fraction <= 1:
            raise ConfigError("saltpepper_param: fraction is a share of the pixels",
                              found=f"{salt.fraction:g}", allowed="0 to 1")
        if not all(0 <= value < 256 for value in salt.value):
            raise ConfigError("saltpepper_param: a value is that of a byte",
                              found=", ".join(f"{value:g}" for value in salt.value),
                              allowed="0 to 255")
        if param.jpeg > 100:
            raise ConfigError("noise_param: jpeg is a quality", found=f"{param.jpeg:g}",
                              allowed="1 to 100")
        if param.convert_to_hsv and param.convert_to_lab:
            raise ConfigError("noise_param: convert_to_hsv and convert_to_lab exclude each other")
        self.param = param

    def __call__(self, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
        import cv2

        p = self.param
        if pixels.ndim == 2 and (asked := [word for word in COLOURFUL if getattr(p, word)]):
            raise DataError(f"noise_param: {asked[0]} asks for colours", found="1 channel",
                            fix="Set transform_param { force_color: true }, or leave it out.")
        if p.decolorize:
            gray = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
            pixels = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
        if p.gauss_blur:
            pixels = cv2.GaussianBlur(pixels, (7, 7), 1.5)
        if p.hist_eq:
            pixels = _of_brightness(pixels, cv2.equalizeHist)
        if p.clahe:
            pixels = _of_brightness(pixels, cv2.createCLAHE(clipLimit=CLIP_LIMIT).apply)
        if p.jpeg > 0:
            pixels = packed(pixels, int(p.jpeg))
        if p.erode:
            cross = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
            pixels = cv2.erode(pixels, cross)
        if p.posterize:
            pixels = pixels // LEVEL * LEVEL + LEVEL // 2
        if p.inverse:
            pixels = ~pixels
        if p.saltpepper:
            pixels = self._salted(pixels, dice)
        if p.convert_to_hsv:
            pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV)
        if p.convert_to_lab:
            shares = pixels.astype(np.float32) * np.float32(1 / 255)
            pixels = cv2.cvtColor(shares, cv2.COLOR_BGR2Lab)
        return pixels, boxes

    def _salted(self, pixels: np.ndarray, dice: Dice) -> np.ndarray:
        """So many times a pixel is drawn, some perhaps more than once."""
        height, width = pixels.shape[:2]
        values = outside.fill("saltpepper_param: value", self.param.saltpepper_param.value, pixels)
        count = floor(np.float32(self.param.saltpepper_param.fraction) * width * height)
        columns, rows = dice.belows((count,), width), dice.belows((count,), height)
        pixels = pixels.copy()
        pixels[rows, columns] = np.array(values, np.uint8) if pixels.ndim == 3 else int(values[0])
        return pixels


def packed(pixels: np.ndarray, quality: int) -> np.ndarray:
    """A picture as JPEG of this quality shows it."""
    import cv2

    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    how = cv2.IMREAD_GRAYSCALE if pixels.ndim == 2 else cv2.IMREAD_COLOR
    return np.asarray(cv2.imdecode(data, how))


def _of_brightness(pixels: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """A gray picture changed; of one in colours, its Y."""
    import cv2

    if pixels.ndim == 2:
        return change(pixels)
    planes = cv2.cvtColor(pixels, cv2.COLOR_BGR2YCrCb)
    planes[..., 0] = change(np.ascontiguousarray(planes[..., 0]))
    return cv2.cvtColor(planes, cv2.COLOR_YCrCb2BGR)
