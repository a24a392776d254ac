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

from caffepy.core import coords, registry, traits
from caffepy.core.coords import (
    IDENTITY,
    AxisMismatchException,
    CropError,
    Map,
    UndefinedMapException,
    compose,
    inverse,
)
from caffepy.core.window import Window
from caffepy.net_spec import Function, Top, settings
from caffepy.net_spec import layers as L

__all__ = [
    "AxisMismatchException", "CropError", "UndefinedMapException", "compose", "conv_params",
    "coord_map", "coord_map_from_to", "crop", "crop_params", "inverse",
]


def __getattr__(name: str) -> Any:
    if name == "PASS_THROUGH_LAYERS":
        return [entry.type for entry in registry.entries() if entry.cls.same_place]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def conv_params(fn: Function) -> tuple[int, NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Axis, stride, kernel (as wide as dilation makes it) and pad of a layer with windows.

    Stride, kernel and pad hold one number, or one per spatial axis.

    Raises:
        UndefinedMapException: it has no kernel of a size of its own.
    """
    window = Window(traits.of(fn.type_name).own(settings(fn)))
    return window.axis, *coords.numbers(window)


def crop_params(fn: Function) -> tuple[int, NDArray[Any]]:
    """Axis and offsets of a Crop layer."""
    params = settings(fn).crop_param
    return params.axis, np.array(list(params.offset) or 0, ndmin=1)


def coord_map(fn: Function) -> Map:
    """The map from a layer's bottom coordinates to its top's.

    Raises:
        UndefinedMapException: the layer mixes places.
    """
    spec = settings(fn)
    kind = traits.of(spec)
    if kind.lines_up(spec):
        return coord_map_from_to(*fn.inputs)
    try:
        return kind.coordinates(spec)
    except UndefinedMapException as error:
        raise error.at(f"layer of type {fn.type_name}") from None


def _behind(top: Top) -> tuple[Map, Sequence[Top]]:
    """The map of the layer that makes the top, and the bottoms whose coordinates it maps: a
    Crop's reference is not among them."""
    if not top.fn.inputs:
        return IDENTITY, ()
    crops = traits.of(top.fn.type_name).lines_up(settings(top.fn)) is not None
    return coord_map(top.fn), top.fn.inputs[:1] if crops else top.fn.inputs


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
