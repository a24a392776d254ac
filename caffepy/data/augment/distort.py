"""distort_param: brightness, contrast, saturation and hue at random, and channels in another order.

    distort_param { brightness_prob: 0.5 brightness_delta: 32 contrast_prob: 0.5
                    contrast_lower: 0.5 contrast_upper: 1.5 saturation_prob: 0.5
                    saturation_lower: 0.5 saturation_upper: 1.5 hue_prob: 0.5 hue_delta: 18
                    random_order_prob: 0 }

Each is done with its probability: brightness adds a number out of [-delta, delta) to every value,
contrast multiplies them by one out of [lower, upper), saturation and hue do so with S and H of the
colours as HSV (bytes, H in steps of two degrees). Values are rounded and kept in 0..255. Brightness
is first and the order of channels last; contrast comes before saturation and hue or, as often,
behind them. SSD's (Liu et al., 2016, after Howard, 2013).
"""

from __future__ import annotations

import numpy as np

from caffepy.data.augment.change import Change, Changed
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2

LEVELS = np.arange(256, dtype=np.float32)
COLOURFUL = "saturation, hue and the order of channels"
SAME = 1e-3  # a contrast that is this near to 1 changes nothing


class Distort(Change):
    """Args:
        param: the distort_param.

    Raises:
        ConfigError: bounds the wrong way round, or a word that only Synopsys' fork follows.
    """

    name = "distort"

    def __init__(self, param: caffe_pb2.DistortionParameter) -> None:
        for word in ("exposure_lower", "exposure_upper"):
            if param.HasField(word):
                raise ConfigError(f"distort_param: {word} is not obeyed here",
                                  fix="It is Synopsys' word; contrast does nearly the same.")
        for word in ("brightness", "hue"):
            if (delta := getattr(param, f"{word}_delta")) < 0:
                raise ConfigError(f"distort_param: {word}_delta must not be negative",
                                  found=f"{delta:g}")
        for word in ("contrast", "saturation"):
            low, high = getattr(param, f"{word}_lower"), getattr(param, f"{word}_upper")
            if not 0 <= low <= high:
                raise ConfigError(f"distort_param: bounds of {word}", found=f"{low:g} to {high:g}",
                                  allowed=f"0 or more, and {word}_upper not below {word}_lower")
        self.param = param

    def __call__(self, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
        p = self.param
        early = dice.happens(0.5)
        if dice.happens(p.brightness_prob):
            pixels = level(pixels, 1, dice.uniform(-p.brightness_delta, p.brightness_delta))
        if early:
            pixels = self._contrast(pixels, dice)
        if dice.happens(p.saturation_prob):
            factor = dice.uniform(p.saturation_lower, p.saturation_upper)
            pixels = _in_hsv(pixels, 1, factor, 0)
        if dice.happens(p.hue_prob):
            pixels = _in_hsv(pixels, 0, 1, dice.uniform(-p.hue_delta, p.hue_delta))
        if not early:
            pixels = self._contrast(pixels, dice)
        if dice.happens(p.random_order_prob):
            need_colour(COLOURFUL, pixels)
            pixels = pixels[..., dice.order(3)]
        return pixels, boxes

    def _contrast(self, pixels: np.ndarray, dice: Dice) -> np.ndarray:
        p = self.param
        if not dice.happens(p.contrast_prob):
            return pixels
        factor = dice.uniform(p.contrast_lower, p.contrast_upper)
        return level(pixels, factor, 0) if abs(factor - 1) > SAME else pixels


def level(pixels: np.ndarray, factor: float, shift: float) -> np.ndarray:
    """pixels * factor + shift."""
    import cv2

    return cv2.LUT(pixels, _table(factor, shift))


def _table(factor: float, shift: float) -> np.ndarray:
    """What becomes of each byte."""
    values = LEVELS * np.float32(factor) + np.float32(shift)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _in_hsv(pixels: np.ndarray, channel: int, factor: float, shift: float) -> np.ndarray:
    """Change one channel of hue, saturation and value."""
    import cv2

    need_colour(COLOURFUL, pixels)
    hsv = cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV)
    changed = cv2.LUT(cv2.extractChannel(hsv, channel), _table(factor, shift))
    return cv2.cvtColor(cv2.insertChannel(changed, hsv, channel), cv2.COLOR_HSV2BGR)


def need_colour(what: str, pixels: np.ndarray) -> None:
    """Raise DataError for a picture that has not three channels."""
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise DataError(f"{what} are those of a colour picture",
                        found=f"{1 if pixels.ndim == 2 else pixels.shape[2]} channels",
                        fix="Set transform_param { force_color: true }, or leave it out.")
