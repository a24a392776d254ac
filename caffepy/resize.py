"""resize_image: pictures brought to a size as scikit-image 0.9 to 0.13 did it for pycaffe.

For one and three channels, output pixel i lies at (i + 0.5) * old / new - 0.5 of the input,
and no smoothing precedes the sampling, however much the picture shrinks (scikit-image began that
in 0.15). cv2.resize's INTER_LINEAR uses the same places, so both agree when shrinking. When
enlarging, the outermost pixels mix with what lies outside: the picture's lowest value (that is
what scikit-image's zero meant after pycaffe had brought the picture to [0, 1]), where OpenCV
repeats the edge.

For other numbers of channels pycaffe went to scipy's zoom, which lays the corners' centres on
each other: output pixel i lies at i * (old - 1) / (new - 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.errors import ConfigError

Array = NDArray[Any]
Weights = list[Array]


def _nearest(t: Array) -> Weights:
    return [(t < 0.5).astype(float), (t >= 0.5).astype(float)]


def _linear(t: Array) -> Weights:
    return [1 - t, t]


def _cubic(t: Array) -> Weights:
    """Keys 1981 with a = -1/2, through the values (scipy's zoom uses a B-spline instead)."""
    return [((2 - t) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2,
            ((4 - 3 * t) * t + 1) * t / 2, (t - 1) * t * t / 2]


# order to: the first pixel read, counted from the one at or before the place; the weights of it
# and those after it, by how far (0 to 1) the place lies beyond that one
KERNELS: dict[int, tuple[int, Callable[[Array], Weights]]] = {
    0: (0, _nearest), 1: (0, _linear), 3: (-1, _cubic),
}


def resize_image(im: Array, new_dims: Sequence[int], interp_order: int = 1) -> Array:
    """A picture in another size.

    Args:
        im: H x W x K, or H x W.
        new_dims: height and width.
        interp_order: 0 nearest, 1 bilinear, 3 bicubic.

    Returns: float32, new height x new width (x K).

    Raises:
        ConfigError: an empty picture or size, or another order.
    """
    im = np.asarray(im)
    size = tuple(int(d) for d in new_dims)
    if interp_order not in KERNELS:
        raise ConfigError("pictures are not resized by interpolation of this order",
                          found=interp_order, allowed="0 nearest, 1 bilinear, 3 bicubic")
    if im.ndim not in (2, 3) or im.size == 0 or len(size) != 2 or min(size) < 1:
        raise ConfigError("resize_image takes an H x W x K picture to a height and a width",
                          found=f"shape {im.shape} to {size}")
    if im.shape[:2] == size:
        return im.astype(np.float32)
    centred = im.ndim == 2 or im.shape[2] in (1, 3)
    low, high = float(im.min()), float(im.max())
    out = im.astype(np.float64) - low
    for axis, length in enumerate(size):
        out = _along(out, axis, length, interp_order, centred)
    if interp_order == 3:
        out = out.clip(0, high - low)
    return (out + low).astype(np.float32)


def _along(im: Array, axis: int, length: int, order: int, centred: bool) -> Array:
    """One axis brought to a length; outside of the picture there is zero."""
    old = im.shape[axis]
    if old == length:
        return im
    i = np.arange(length)
    places = (i + 0.5) * old / length - 0.5 if centred else i * ((old - 1) / max(length - 1, 1))
    base = np.floor(places).astype(int)
    first, kernel = KERNELS[order]
    shape = [1] * im.ndim
    shape[axis] = length
    out = np.zeros(())
    for pixel, weight in enumerate(kernel(places - base), first):
        index = base + pixel
        weight = np.where((index >= 0) & (index < old), weight, 0)
        out = out + im.take(index.clip(0, old - 1), axis) * weight.reshape(shape)
    return out
