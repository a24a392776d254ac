"""Verbs on blobs and layers. All shapes and arrays have their axes in MATLAB's order."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.errors import ShapeError
from caffepy.matlab.frames import Handles
from caffepy.matlab.handles import Table
from caffepy.matlab.verbs import Array, Row, sizes, verb


@verb
def blob_get_shape(table: Table, blob: Blob) -> Array:
    """A row; without numbers for a blob without axes."""
    return np.array(blob.shape[::-1], np.float64).reshape(-1, 1)


@verb
def blob_reshape(table: Table, blob: Blob, shape: Row) -> None:
    blob.reshape(*shape[::-1])


@verb
def blob_get_data(table: Table, blob: Blob) -> Array:
    return blob.data


@verb
def blob_set_data(table: Table, blob: Blob, data: Array) -> None:
    blob.data[...] = fitted(data, blob)


@verb
def blob_get_diff(table: Table, blob: Blob) -> Array:
    return blob.diff


@verb
def blob_set_diff(table: Table, blob: Blob, diff: Array) -> None:
    blob.diff[...] = fitted(diff, blob)


@verb
def layer_get_attr(table: Table, layer: Handles) -> dict[str, Any]:
    entry = table.find(layer, Layer)
    return {"hBlob_blobs": table.give(
        ((blob, f"{entry.place}, parameter {i}") for i, blob in enumerate(entry.thing.blobs, 1)),
        entry.owner)}


@verb
def layer_get_type(table: Table, layer: Layer) -> str:
    return layer.type


def fitted(array: Array, blob: Blob) -> Array:
    """The array in the blob's shape. MATLAB's arrays have lost all ones at the end of their size,
    which are the first axes here, and have two axes at least.

    Raises:
        ShapeError: it is of another size.
    """
    axes = max(blob.ndim, array.ndim)
    wanted, found = ((*shape[::-1], *[1] * (axes - len(shape)))
                     for shape in (blob.shape, array.shape))
    if found != wanted:
        raise ShapeError("the array is not of the blob's size", found=sizes(array.shape),
                         allowed=sizes(blob.shape),
                         fix="Axes are width x height x channels x num.")
    return array.reshape(blob.shape)
