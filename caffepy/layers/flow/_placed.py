"""Where FlowNet's augmentation takes a pixel from: turned, moved, stretched, and interpolated."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from caffepy.layers.flow import _coefficients
from caffepy.layers.flow._coefficients import NEUTRAL, Values

TRIES = 50
EDGE = 1.05  # so far from a picture's end lies the last place that is read, as in the original

Size = tuple[int, int]  # height and width


def matrix(values: Values, crop: Size, whole: Size) -> np.ndarray:
    """2 x 3: (x, y) in the picture of (x, y, 1) in the crop; about the middles of both."""
    (height, width), (bottom, right) = crop, whole
    cos, sin = math.cos(values["angle"]), math.sin(values["angle"])
    turned = np.array([[cos, -sin], [sin, cos]]) @ np.diag([-1 if values["mirror"] else 1, 1])
    linear = np.diag([1 / values["zoom_x"], 1 / values["zoom_y"]]) @ turned
    moved = np.array([values["dx"] * width / values["zoom_x"] + right / 2,
                      values["dy"] * height / values["zoom_y"] + bottom / 2])
    middle = np.array([width / 2, height / 2])
    return np.column_stack([linear, moved - linear @ middle])


def drawn(
    p: Any, rng: np.random.Generator, discount: float, crop: Size, whole: Size
) -> Values:
    """Spatial coefficients with which the crop lies in the picture; neutral ones where none of 50
    draws does so. (The original throws the 50th away unseen.)"""
    corners = np.array([[x, y, 1] for x in (0, crop[1] - 1) for y in (0, crop[0] - 1)])
    for _ in range(TRIES - 1):
        values = _coefficients.spatial(p, rng, discount)
        places = np.floor(corners @ matrix(values, crop, whole).T)
        if (places >= 0).all() and (places <= np.array(whole[::-1]) - 2).all():
            return values
    return dict(NEUTRAL)


def sample(xp: Any, x: Any, m: np.ndarray, crop: Size) -> Any:
    """The crop of a picture, C x H x W, interpolated between four pixels. Places beyond its ends
    are drawn to EDGE before them, so the last column counts 0.95 at most."""
    height, width = x.shape[1:]
    across = np.arange(crop[1], dtype=np.float32)
    down = np.arange(crop[0], dtype=np.float32)[:, None]
    (a, c, e), (b, d, f) = m.astype(np.float32)
    places = (across * a + down * c + e, across * b + down * d + f)
    columns, rows = (np.maximum(np.minimum(place, np.float32(size) - np.float32(EDGE)), 0)
                     for place, size in zip(places, (width, height), strict=True))
    left, top = columns.astype(np.int64), rows.astype(np.int64)
    right, under = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    far, deep = (xp.asarray(part.astype(x.dtype)) for part in (columns - left, rows - top))
    left, top, right, under = map(xp.asarray, (left, top, right, under))
    return ((1 - far) * (1 - deep) * x[:, top, left] + far * deep * x[:, under, right]
            + (1 - far) * deep * x[:, under, left] + far * (1 - deep) * x[:, top, right])
