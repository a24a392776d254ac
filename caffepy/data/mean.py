"""The shape of a mean picture, for who has no data to look at."""

from __future__ import annotations

from caffepy.core.memory import Shape
from caffepy.data.transform import read_mean
from caffepy.errors import CaffeError


def mean_shape(path: str) -> Shape | None:
    """C x H x W of a mean_file; None of one that is not there, or cannot be read."""
    if not path:
        return None
    try:
        shape: Shape = read_mean(path).shape
    except (CaffeError, OSError):
        return None
    return shape if len(shape) == 3 and all(shape) else None
