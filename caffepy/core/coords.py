"""Maps between the coordinates of blobs: where a pixel of one lies in another.

A map is (axis, a, b): coordinate x of a blob, on the spatial axes after ``axis``, is coordinate
a * x + b of the other. ``axis`` is None for layers that leave coordinates as they are. a and b are
numbers, or arrays with one per spatial axis.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from caffepy.core.window import Window
from caffepy.errors import CaffeError, ConfigError

Numbers = NDArray[Any] | float
Map = tuple[int | None, Numbers, Numbers]
Node = TypeVar("Node", bound=Hashable)

IDENTITY: Map = (None, 1, 0)


class UndefinedMapException(CaffeError):
    """A layer through which coordinates have no map, such as InnerProduct."""

    def __init__(self, message: str = "coordinates have no map through this layer", **details: Any
                 ) -> None:
        super().__init__(message, **details)


class AxisMismatchException(CaffeError):
    """Maps over different axes."""

    def __init__(self, message: str = "the maps are over different axes", **details: Any) -> None:
        super().__init__(message, **details)


class CropError(ConfigError, AssertionError):
    """No Crop layer can align the two blobs (an AssertionError, which pycaffe raised)."""


def down(window: Window) -> Map:
    """The map of a layer with windows, from its bottom to its top.

    The middle of window y lies at stride * y + (kernel - 1) / 2 - pad of the bottom; x is mapped to
    the y whose window has its middle there.

    Raises:
        UndefinedMapException: the window is the whole picture, or is not given.
    """
    stride, kernel, pad = numbers(window)
    return window.axis, 1 / stride, (pad - (kernel - 1) / 2) / stride


def up(window: Window) -> Map:
    """The map of a deconvolution: that of a convolution the other way round."""
    stride, kernel, pad = numbers(window)
    return window.axis, stride, (kernel - 1) / 2 - pad


def numbers(window: Window) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Stride, kernel (as wide as dilation makes it) and pad."""
    if window.whole or not window.kernel or 0 in window.kernel:
        raise UndefinedMapException(
            "coordinates have no map through a layer without a kernel size")
    kernel = (np.array(window.kernel) - 1) * np.array(window.dilation) + 1
    return np.array(window.stride), kernel, np.array(window.pad)


def cropped(axis: int, offset: int | Sequence[int]) -> Map:
    """The map of a Crop layer, which names the first cropped axis; others the one before."""
    return axis - 1, 1, -np.array(offset, ndmin=1)


def along(axis: int) -> Map:
    """The map of a layer that works along one axis: places stay if it is that of the channels.

    Raises:
        UndefinedMapException: it is another.
    """
    if axis != 1:
        raise UndefinedMapException()
    return IDENTITY


def compose(base_map: Map, next_map: Map) -> Map:
    """base_map after next_map: a1 (a2 x + b2) + b1.

    Raises:
        AxisMismatchException: they are over different axes.
    """
    (axis1, a1, b1), (axis2, a2, b2) = base_map, next_map
    if axis1 is not None and axis2 is not None and axis1 != axis2:
        raise AxisMismatchException(found=f"axes {axis1} and {axis2}")
    return axis2 if axis1 is None else axis1, a1 * a2, a1 * b2 + b1


def inverse(coord_map: Map) -> Map:
    """The map back: x / a - b / a."""
    axis, a, b = coord_map
    return axis, 1 / a, -b / a


def between(start: Node, end: Node, behind: Callable[[Node], tuple[Map, Iterable[Node]]]) -> Map:
    """The map from coordinates of blob ``start`` to those of ``end``, over the nearest blob that
    both come from.

    Args:
        behind: the map of the layer that makes a blob, and the bottoms whose coordinates the
            blob's come from; or it raises UndefinedMapException.

    Raises:
        ConfigError: they come from none with spatial layers alone in between.
    """
    starts = _maps(start, behind)
    for node, to_end in _maps(end, behind).items():
        if node in starts:
            return compose(to_end, inverse(starts[node]))
    raise ConfigError("Could not compute map between tops; are they connected by spatial layers?",
                      found=f"{start} and {end}")


def _maps(start: Node, behind: Callable[[Node], tuple[Map, Iterable[Node]]]) -> dict[Node, Map]:
    """From every blob behind ``start`` that has one, the map to ``start``; nearest blobs first."""
    maps = {start: IDENTITY}
    for node in (queue := [start]):
        try:
            step, bottoms = behind(node)
        except UndefinedMapException:
            continue
        for bottom in bottoms:
            if bottom not in maps:
                maps[bottom] = compose(maps[node], step)
                queue.append(bottom)
    return maps


def crop_offsets(found: Map) -> tuple[int, list[int]]:
    """First axis and offsets of the Crop layer that lines a blob up with another: the map to it.

    Raises:
        CropError: no whole, non-negative offset does that.
    """
    axis, a, b = found
    a, b = np.array(a, ndmin=1), np.array(b, ndmin=1)
    if (a != 1).any():
        raise CropError(f"scale mismatch on crop (a = {a})",
                        fix="The strides of down and up must cancel out.")
    if (b > 0).any():
        raise CropError(f"cannot crop negative offset (b = {b})",
                        fix="The blob to crop begins after the other: pad more on its way.")
    if (np.round(b) != b).any():
        raise CropError(f"cannot crop noninteger offset (b = {b})")
    return 2 if axis is None else axis + 1, [int(-offset) for offset in b]
