"""Bottoms whose numbers are indices: checked before they pick anything."""

from __future__ import annotations

import numpy as np

from caffepy.core import labels
from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.core.memory import Array
from caffepy.errors import DataError


def indices(layer: Layer, blob: Blob, count: int) -> Array:
    """The blob's values as whole numbers.

    Raises:
        DataError: one is not from 0 to count - 1. The original did not look, and read and wrote
            memory beyond.
    """
    values = layer.read(blob.values)
    known = (values >= 0) & (values < count)  # false for not-a-number too
    if not known.all():
        at = np.unravel_index(int((~known).argmax()), values.shape)
        layer.fail(f"the index at {tuple(int(i) for i in at)} picks what is not there",
                   kind=DataError, found=f"{float(values[at]):g}", allowed=f"0 to {count - 1}")
    for index in layer.integers:
        labels.look(layer, blob, index)
    return values.astype(np.int64)
