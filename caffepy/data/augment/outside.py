"""What lies around a picture, where a change shows more than the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.errors import ShapeError
from caffepy.proto import caffe_pb2

P = caffe_pb2.ResizeParameter


def border(mode: int) -> int:
    """OpenCV's name of a pad_mode."""
    import cv2

    return {P.CONSTANT: cv2.BORDER_CONSTANT, P.MIRRORED: cv2.BORDER_REFLECT_101,
            P.REPEAT_NEAREST: cv2.BORDER_REPLICATE}[mode]


def interpolation(mode: int) -> int:
    """OpenCV's name of an interp_mode."""
    import cv2

    return int(getattr(cv2, f"INTER_{P.Interp_mode.Name(mode)}"))


def channels(pixels: np.ndarray) -> int:
    """How many a picture has, H x W or H x W x C."""
    return 1 if pixels.ndim == 2 else pixels.shape[2]


def fill(word: str, given: Sequence[float], pixels: np.ndarray) -> list[float]:
    """A number for each channel of a picture.

    Args:
        word: the field that gives it, for the error.
        given: one for all, one for each, or none, which is 0.

    Raises:
        ShapeError: there are neither one nor as many as channels.
    """
    count = channels(pixels)
    if len(given) not in (0, 1, count):
        raise ShapeError(f"{word} must be given once, or once for each channel",
                         found=f"{len(given)} values for {count} channels")
    values = [float(value) for value in given] or [0.0]
    return values if len(values) == count else values * count
