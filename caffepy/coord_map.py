"""Where a blob's pixels lie in another blob: for cropping maps of layers to each other.

    from caffepy.coord_map import crop
    n.score = crop(n.upscore, n.data)        # a Crop layer with the offset that aligns them

A map is (axis, a, b): coordinate x of a blob, on the spatial axes after ``axis``, is coordinate
a * x + b of the other. ``axis`` is None for layers that leave coordinates as they are. a and b are
numbers, or arrays with one per spatial axis. Blobs are Tops of caffepy.net_spec.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.errors import CaffeError, ConfigError
from caffepy.net_spec import Function, Top
from caffepy.net_spec import layers as L

Numbers = NDArray[Any] | float
Map = tuple[int | None, Numbers, Numbers]

PASS_THROUGH_LAYERS = (
    "AbsVal", "BatchNorm", "Bias", "BNLL", "Clip", "Dropout", "Eltwise", "ELU", "Exp", "Log",
    "LRN", "MVN", "Power", "PReLU", "ReLU", "Scale", "Sigmoid", "Split", "Swish", "TanH",
    "Threshold",
)  # fmt: skip
DOWN = ("Convolution", "Pooling", "Im2col")
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


def conv_params(fn: Function) -> tuple[int, NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Axis, stride, kernel (as wide as dilation makes it) and pad of a layer with windows.

    Stride, kernel and pad hold one number, or one per spatial axis. ``_h`` and ``_w`` count too.
    """
    params = fn.params.get("convolution_param", fn.params.get("pooling_param", fn.params))

    def numbers(field: str, side: str, default: int | None) -> NDArray[Any]:
        if f"{side}_h" in params or f"{side}_w" in params:
            value = [params.get(f"{side}_{end}", default) for end in "hw"]
        else:
            value = params.get(field, default)
        if value is None or (isinstance(value, list) and None in value):
            raise UndefinedMapException(
                "coordinates have no map through a layer without a kernel size",
                where=f"layer of type {fn.type_name}")
        return np.array(value, ndmin=1)

    dilation = np.array(params.get("dilation", 1), ndmin=1)
    kernel = (numbers("kernel_size", "kernel", None) - 1) * dilation + 1
    return (params.get("axis", 1), numbers("stride", "stride", 1), kernel,
            numbers("pad", "pad", 0))


def crop_params(fn: Function) -> tuple[int, NDArray[Any]]:
    """Axis and offsets of a Crop layer."""
    params = fn.params.get("crop_param", fn.params)
    return params.get("axis", 2), np.array(params.get("offset", 0), ndmin=1)


def coord_map(fn: Function) -> Map:
    """The map from a layer's bottom coordinates to its top's.

    With stride s, kernel k and pad p, a window's middle lies at s * y + (k - 1) / 2 - p of the
    bottom; a convolution maps x to the y whose window has its middle there, a deconvolution the
    other way round.

    Raises:
        UndefinedMapException: the layer mixes places.
    """
    if fn.type_name in PASS_THROUGH_LAYERS:
        return IDENTITY
    if fn.type_name in DOWN:
        axis, stride, kernel, pad = conv_params(fn)
        return axis, 1 / stride, (pad - (kernel - 1) / 2) / stride
    if fn.type_name == "Deconvolution":
        axis, stride, kernel, pad = conv_params(fn)
        return axis, stride, (kernel - 1) / 2 - pad
    if fn.type_name == "Crop":
        axis, offset = crop_params(fn)
        return axis - 1, 1, -offset  # Crop names the first cropped axis, others the one before
    raise UndefinedMapException(where=f"layer of type {fn.type_name}")


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


def _bottoms(top: Top) -> Sequence[Top]:
    """The bottoms whose coordinates the top's come from: a Crop's reference is not among them."""
    return top.fn.inputs[:1] if top.fn.type_name == "Crop" else top.fn.inputs


def _maps(start: Top) -> dict[Top, Map]:
    """From every blob behind ``start`` that has one, the map to ``start``; nearest blobs first."""
    maps = {start: IDENTITY}
    for top in (queue := [start]):
        try:
            step = coord_map(top.fn) if top.fn.inputs else IDENTITY
        except UndefinedMapException:
            continue
        for bottom in _bottoms(top):
            if bottom not in maps:
                maps[bottom] = compose(maps[top], step)
                queue.append(bottom)
    return maps


def coord_map_from_to(top_from: Top, top_to: Top) -> Map:
    """The map from coordinates of ``top_from`` to those of ``top_to``.

    It goes over the nearest blob behind both.

    Raises:
        CaffeError: they have none with spatial layers alone in between.
    """
    from_maps = _maps(top_from)
    for top, to_map in _maps(top_to).items():
        if top in from_maps:
            return compose(to_map, inverse(from_maps[top]))
    raise ConfigError("Could not compute map between tops; are they connected by spatial layers?",
                      found=f"{top_from} and {top_to}")


def crop(top_from: Top, top_to: Top) -> Top:
    """A Crop layer that cuts ``top_from`` to the size of ``top_to``, aligned with it.

    Raises:
        CropError: no whole, non-negative offset does that.
    """
    axis, a, b = coord_map_from_to(top_from, top_to)
    a, b = np.array(a, ndmin=1), np.array(b, ndmin=1)
    if (a != 1).any():
        raise CropError(f"scale mismatch on crop (a = {a})",
                        fix="The strides of down and up must cancel out.")
    if (b > 0).any():
        raise CropError(f"cannot crop negative offset (b = {b})",
                        fix="The blob to crop begins after the other: pad more on its way.")
    if (np.round(b) != b).any():
        raise CropError(f"cannot crop noninteger offset (b = {b})")
    return L.Crop(top_from, top_to, crop_param=dict(
        axis=2 if axis is None else axis + 1, offset=[int(-offset) for offset in b]))
