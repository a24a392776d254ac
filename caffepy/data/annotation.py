"""What an annotation file says of its picture, whatever format it is in."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from caffepy.errors import CaffeError

Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Box:
    """An object on a picture.

    Attributes:
        label: the number of its class.
        corners: xmin, ymin, xmax, ymax in pixels, as the file has them.
        difficult: whether it is marked so (VOC), or is a crowd (COCO).
    """

    label: int
    corners: Corners
    difficult: bool = False


@dataclass
class Annotation:
    """The objects of a picture.

    Attributes:
        boxes: in the file's order.
        size: height and width of the picture as the file has them; None if it does not say.
        problems: what is wrong with single boxes: they have no numbers, or an unknown class.
    """

    boxes: list[Box] = field(default_factory=list)
    size: tuple[int, int] | None = None
    problems: list[CaffeError] = field(default_factory=list)


def number(text: object) -> float:
    """A coordinate, as a float32 has it; not a number if it is none."""
    try:
        value = float(text) if isinstance(text, (str, int, float)) else math.nan
    except (ValueError, OverflowError):
        return math.nan
    with np.errstate(over="ignore"):
        return float(np.float32(value))
