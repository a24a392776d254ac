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

from caffepy.core import coords
from caffepy.core.coords import (
    DOWN,
    IDENTITY,
    PASS_THROUGH_LAYERS,
    AxisMismatchException,
    CropError,
    Map,
    UndefinedMapException,
    compose,
    inverse,
)
from caffepy.core.crops import ALWAYS
from caffepy.net_spec import Function, Top
from caffepy.net_spec import layers as L

__all__ = [
    "PASS_THROUGH_LAYERS", "AxisMismatchException", "CropError", "UndefinedMapException", "compose",
    "conv_params", "coord_map", "coord_map_from_to", "crop", "crop_params", "inverse",
]

CROPS = ("Crop", ALWAYS)


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

    Those of windows are coords.down's and coords.up's.

    Raises:
        UndefinedMapException: the layer mixes places.
    """
    if fn.type_name in PASS_THROUGH_LAYERS:
        return IDENTITY
    if fn.type_name in DOWN:
        return coords.down(*conv_params(fn))
    if fn.type_name == "Deconvolution":
        return coords.up(*conv_params(fn))
    if fn.type_name in CROPS:
        if fn.type_name == ALWAYS or fn.params.get("crop_param", fn.params).get("align"):
            return coord_map_from_to(*fn.inputs)
        return coords.cropped(*crop_params(fn))
    raise UndefinedMapException(where=f"layer of type {fn.type_name}")


def _behind(top: Top) -> tuple[Map, Sequence[Top]]:
    """The map of the layer that makes the top, and the bottoms whose coordinates it maps: a
    Crop's reference is not among them."""
    bottoms = top.fn.inputs[:1] if top.fn.type_name in CROPS else top.fn.inputs
    return coord_map(top.fn) if bottoms else IDENTITY, bottoms


def coord_map_from_to(top_from: Top, top_to: Top) -> Map:
    """The map from coordinates of ``top_from`` to those of ``top_to``.

    It goes over the nearest blob behind both.

    Raises:
        CaffeError: they have none with spatial layers alone in between.
    """
    return coords.between(top_from, top_to, _behind)


def crop(top_from: Top, top_to: Top) -> Top:
    """A Crop layer that cuts ``top_from`` to the size of ``top_to``, aligned with it.

    Raises:
        CropError: no whole, non-negative offset does that.
    """
    axis, offset = coords.crop_offsets(coord_map_from_to(top_from, top_to))
    return L.Crop(top_from, top_to, crop_param=dict(axis=axis, offset=offset))
