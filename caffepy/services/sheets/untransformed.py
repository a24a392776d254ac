"""What a data layer's transform_param did to numbers, taken back: scale and mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.core.memory import Shape
from caffepy.proto import wire
from caffepy.services.picture_rule import PictureRule

Array = NDArray[Any]


class Untransformed:
    """Puts back what was done to the items of a data layer.

    Of a mean picture its middle is taken, as it was from crops in the middle.

    Args:
        rule: the layer's (PictureRule.of_training).
        shape: of an item: C x H x W, or C x L x H x W for clips.

    Attributes:
        done: what was done, in words: "scale", "mean_value".

    Raises:
        NotFound, DataError: the mean_file.
    """

    def __init__(self, rule: PictureRule, shape: Shape) -> None:
        self._scale = rule.scale or 1
        self._mean = _mean(rule, shape)
        self.done = ["scale"] * (self._scale != 1)
        if self._mean is not None:
            self.done.append("mean_value" if rule.mean_value else "mean_file (its middle)")

    def __call__(self, item: Array) -> Array:
        """The item's numbers before."""
        values = item / self._scale
        return values if self._mean is None else values + self._mean


def _mean(rule: PictureRule, shape: Shape) -> Array | None:
    """In a shape that can be added to an item; None for none, or one that does not fit."""
    if len(shape) < 3:
        return None
    if rule.mean_value:
        mean = np.array(rule.mean_value, np.float32).reshape(-1, *[1] * (len(shape) - 1))
    elif rule.mean_file:
        mean = wire.read_blob(rule.mean_file)
        while mean.ndim > len(shape):
            mean = mean[0]
        rows, columns = shape[-2:]
        top, left = (mean.shape[-2] - rows) // 2, (mean.shape[-1] - columns) // 2
        if top < 0 or left < 0:
            return None
        mean = mean[..., top : top + rows, left : left + columns]
        mean = mean.reshape(len(mean), *[1] * (len(shape) - mean.ndim), *mean.shape[1:])
    else:
        return None
    channels = shape[0]
    if channels % len(mean):
        return None
    return np.tile(mean, (channels // len(mean), *[1] * (mean.ndim - 1)))  # the mean of one frame
