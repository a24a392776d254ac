"""resize_image: pictures brought to a size as scikit-image 0.9 to 0.13 did it for pycaffe.

For one and three channels, output pixel i lies at (i + 0.5) * old / new - 0.5 of the input,
and no smoothing precedes the sampling, however much the picture shrinks (scikit-image began that
in 0.15). cv2.resize's INTER_LINEAR uses the same places, so both agree when shrinking. When
enlarging, the outermost pixels mix with what lies outside: the picture's lowest value (that is
what scikit-image's zero meant after pycaffe had brought the picture to [0, 1]), where OpenCV
repeats the edge.

For other numbers of channels pycaffe went to scipy's zoom, which lays the corners' centres on
each other: output pixel i lies at i * (old - 1) / (new - 1). (Its
order 3 is a B-spline, see ``zoomed``; here it is Keys' kernel for all.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.errors import ConfigError

Array = NDArray[Any]
Weights = list[Array]


class ArgumentError(ConfigError, ValueError):
    """An array or a shape that does not do; a ValueError too, which pycaffe raised."""


def _nearest(t: Array) -> Weights:
    return [(t < 0.5).astype(float), (t >= 0.5).astype(float)]


def _linear(t: Array) -> Weights:
    return [1 - t, t]


def _cubic(t: Array) -> Weights:
    """Keys 1981 with a = -1/2, through the values."""
    return [((2 - t) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2,
            ((4 - 3 * t) * t + 1) * t / 2, (t - 1) * t * t / 2]


def _spline(t: Array) -> Weights:
    """The cubic B-spline's, for coefficients (see ``spline_coefficients``) instead of values."""
    return [(1 - t) ** 3 / 6, (4 - 6 * t * t + 3 * t**3) / 6,
            (1 + 3 * t + 3 * t * t - 3 * t**3) / 6, t**3 / 6]


SPLINE = "spline"
# order to: the first pixel read, counted from the one at or before the place; the weights of it
# and those after it, by how far (0 to 1) the place lies beyond that one
KERNELS: dict[int | str, tuple[int, Callable[[Array], Weights]]] = {
    0: (0, _nearest), 1: (0, _linear), 3: (-1, _cubic), SPLINE: (-1, _spline),
}


def resize_image(im: Array, new_dims: Sequence[int], interp_order: int = 1) -> Array:
    """A picture in another size.

    Args:
        im: H x W x K, or H x W.
        new_dims: height and width.
        interp_order: 0 nearest, 1 bilinear, 3 bicubic.

    Returns: float32, new height x new width (x K).

    Raises:
        ArgumentError: an empty picture or size, or another order.
    """
    im = np.asarray(im)
    size = tuple(int(d) for d in new_dims)
    if im.dtype.kind not in "biuf":
        raise ArgumentError("resize_image takes an array of numbers", found=f"type {im.dtype}")
    if interp_order not in KERNELS:
        raise ArgumentError("pictures are not resized by interpolation of this order",
                          found=interp_order, allowed="0 nearest, 1 bilinear, 3 bicubic")
    if im.ndim not in (2, 3) or im.size == 0 or len(size) != 2 or min(size) < 1:
        raise ArgumentError("resize_image takes an H x W x K picture to a height and a width",
                          found=f"shape {im.shape} to {size}")
    if im.shape[:2] == size:
        return im.astype(np.float32)
    place = centres if im.ndim == 2 or im.shape[2] in (1, 3) else corners
    low, high = float(im.min()), float(im.max())
    out = im.astype(np.float64) - low
    for axis, length in enumerate(size):
        if im.shape[axis] != length:
            out = along(out, axis, place(im.shape[axis], length), interp_order)
    if interp_order == 3:
        out = out.clip(0, high - low)
    return (out + low).astype(np.float32)


def centres(old: int, new: int) -> Array:
    """Where the pixels of an axis in another length lie: their areas are shared out evenly."""
    return (np.arange(new) + 0.5) * old / new - 0.5


def corners(old: int, new: int) -> Array:
    """The same, with the centres of the outermost pixels staying where they are."""
    return np.arange(new) * ((old - 1) / max(new - 1, 1))


def zoomed(im: Array, axis: int, length: int, order: int) -> Array:
    """One axis brought to a length, as scipy's zoom does it."""
    old = im.shape[axis]
    if old == length:
        return im
    places = corners(old, length)
    if order == 3 and old > 1:
        return along(spline_coefficients(im, axis), axis, places, SPLINE, "reflect")
    return along(im, axis, places, min(order, 1), "edge")


def spline_coefficients(im: Array, axis: int) -> Array:
    """What a cubic B-spline that goes through the values is made of, mirrored at both ends."""
    n = im.shape[axis]
    matrix = (4 * np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1)) / 6
    matrix[0, 1], matrix[-1, -2] = 2 / 6, 2 / 6
    return np.moveaxis(np.tensordot(np.linalg.inv(matrix), im, (1, axis)), 0, axis)


def along(im: Array, axis: int, places: Array, order: int | str, mode: str = "constant") -> Array:
    """One axis sampled at ``places``; see ``outside`` for the modes."""
    old = im.shape[axis]
    base = np.floor(places).astype(int)
    first, kernel = KERNELS[order]
    shape = [1] * im.ndim
    shape[axis] = len(places)
    out = np.zeros(())
    for pixel, weight in enumerate(kernel(places - base), first):
        index, inside = outside(base + pixel, old, mode)
        out = out + im.take(index, axis) * np.where(inside, weight, 0).reshape(shape)
    return out


def outside(index: Array, count: int, mode: str) -> tuple[Array, Array]:
    """Indices of 0 to count - 1 for any, and which of them count at all.

    Modes, in scikit-image's words: ``constant`` has zero outside of the picture, ``edge`` repeats
    its last pixel, ``symmetric`` mirrors with it and ``reflect`` without it, ``wrap`` starts anew.
    """
    if mode == "constant":
        return index.clip(0, count - 1), (index >= 0) & (index < count)
    if mode == "wrap":
        index = index % count
    elif mode == "symmetric":
        index = index % (2 * count)
        index = np.minimum(index, 2 * count - 1 - index)
    elif mode == "reflect":
        index = index % max(2 * count - 2, 1)
        index = np.minimum(index, 2 * count - 2 - index) if count > 1 else index
    elif mode != "edge":
        raise ArgumentError("there is no such mode", found=mode,
                            allowed="constant, edge, symmetric, reflect, wrap")
    return index.clip(0, count - 1), np.ones(index.shape, bool)
