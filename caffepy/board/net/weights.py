"""Parameters as pictures: filters side by side, matrices as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.services.sheets.page import as_png

Array = NDArray[Any]

SIDE = 900    # pixels of a picture, about
MOST = 1024   # tiles of it
GAP = 1       # tiles' distance, in their own pixels
EDGE = 128    # the level of the gaps


def picture(values: Array) -> Array:
    """Numbers of any shape as a picture, H x W or H x W x 3 bytes in OpenCV's order.

    Black and white are the same distance from 0, which is gray. Filters N x C x H x W lie side by
    side: in colours if there are three channels (blue, green, red, as Caffe has them), else a row
    of its channels for each filter. Matrices, and filters of one pixel, are a picture as they are.
    """
    values = np.asarray(values, np.float32)
    largest = float(np.abs(values).max(initial=0, where=np.isfinite(values))) or 1.0
    bytes_ = np.nan_to_num(values / largest * 127.5 + 127.5).clip(0, 255).astype(np.uint8)
    while bytes_.ndim > 4:
        bytes_ = bytes_.reshape(-1, *bytes_.shape[2:])
    if bytes_.ndim == 4 and bytes_.shape[2] * bytes_.shape[3] > 1:
        return tiled(bytes_)
    return bytes_.reshape(_rows(bytes_.shape), -1)


def _rows(shape: tuple[int, ...]) -> int:
    """A vector is one row; of others each item of the first axis with more than one."""
    return next((length for length in shape if length > 1), 1) if np.prod(shape) > max(
        shape, default=1) else 1


def tiled(filters: Array) -> Array:
    """Filters N x C x H x W as one picture."""
    channels = filters.shape[1]
    if channels == 3:
        return grid(filters[:MOST].transpose(0, 2, 3, 1))
    if channels == 1:
        return grid(filters[:MOST, 0])
    channels = min(channels, 64)
    kept = filters[: max(1, MOST // channels), :channels]
    return grid(kept.reshape(-1, *kept.shape[2:]), channels)


def grid(tiles: Array, across: int | None = None) -> Array:
    """N x H x W (x 3) bytes, row by row, with gaps; so many in a row, or as many as rows."""
    across = across or square(len(tiles))
    down = -(-len(tiles) // across)
    high, wide = tiles.shape[1] + GAP, tiles.shape[2] + GAP
    made = np.full((down * high + GAP, across * wide + GAP, *tiles.shape[3:]), EDGE, np.uint8)
    for i, tile in enumerate(tiles):
        y, x = GAP + i // across * high, GAP + i % across * wide
        made[y : y + high - GAP, x : x + wide - GAP] = tile
    return made


def square(count: int) -> int:
    """How many of these stand in a row, if there are to be about as many rows."""
    return max(1, int(np.ceil(np.sqrt(count))))


def png(picture: Array, side: int = SIDE) -> bytes:
    """A PNG, brought to about this many pixels: enlarged by whole numbers, or made smaller."""
    import cv2

    longer = max(picture.shape[:2])
    if longer > side:
        factor = side / longer
        size = tuple(max(1, round(n * factor)) for n in picture.shape[1::-1])
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    elif times := side // longer:
        picture = picture.repeat(times, 0).repeat(times, 1)
    return as_png(picture)


def told(values: Array) -> dict[str, float]:
    """Numbers about a parameter, NaN where some are none."""
    values = np.asarray(values, np.float64)
    return {"mean": float(values.mean()), "std": float(values.std()),
            "least": float(values.min()), "most": float(values.max())} if values.size else {}
