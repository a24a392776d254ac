"""Numbers as pictures, H x W x 3 bytes in OpenCV's order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.services.sheets.levels import Levels

Array = NDArray[Any]

MOST = 16  # panels of one item; more are told of
STRIP = 6  # times as wide as high is a row of numbers
FEW = 8  # so many numbers are written, not drawn


def pictures(item: Array, levels: Levels, frame: int | None) -> list[Array]:
    """The panels of an item: one of a gray or coloured picture, else one for each channel; of clips
    one for each frame.

    Args:
        item: H x W, C x H x W, or C x L x H x W for clips.
        frame: so many channels are one frame; None: all of them, if they are 1 or 3.
    """
    made = levels.bytes(item)
    if made.ndim == 2:
        made = made[None]
    if made.ndim == 4:
        return [part for i in range(made.shape[1])
                for part in pictures_of(made[:, i], None)][:MOST]
    return pictures_of(made, frame)[:MOST]


def pictures_of(planes: Array, frame: int | None) -> list[Array]:
    """The same of bytes, C x H x W."""
    channels = len(planes)
    frame = frame or (channels if channels in (1, 3) else 1)
    return [_colored(planes[first : first + frame]) for first in range(0, channels, frame)]


def count(shape: tuple[int, ...], frame: int | None) -> int:
    """How many panels an item of this shape would have."""
    if len(shape) == 2:
        return 1
    channels = shape[0]
    each = channels // (frame or (channels if channels in (1, 3) else 1))
    return each * (shape[1] if len(shape) == 4 else 1)


def strip(values: Array, levels: Levels) -> Array:
    """Any numbers, one beside the other."""
    row = levels.bytes(values.reshape(1, -1))
    return _colored(np.repeat(row, max(1, row.shape[1] // STRIP), axis=0)[None])


def is_picture(shape: tuple[int, ...]) -> bool:
    """Whether an item of this shape has rows and columns."""
    return 2 <= len(shape) <= 4 and shape[-2] > 1 and shape[-1] > 1 and min(shape) > 0


def _colored(planes: Array) -> Array:
    picture = planes.transpose(1, 2, 0)
    return np.ascontiguousarray(np.broadcast_to(picture, (*picture.shape[:2], 3)))
