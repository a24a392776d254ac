"""A net's parameters with the names that other programs' files give them."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.core import weights
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.errors import ConfigError, NumericError

Array = np.ndarray[Any, Any]


def parameters(net: Net) -> dict[str, Array]:
    """Name to numbers, as ``conv1.weights`` and ``conv1.bias``: the layer, and what its type calls
    the parameter. Shared ones stand once, with the layer that owns them.

    Raises:
        ConfigError: two have one name.
    """
    owned = weights.owners(net)
    found: dict[str, Array] = {}
    for layer in net.layers:
        words = [word.replace(" ", "_") for word in layer.learns]
        for index, blob in enumerate(layer.blobs):
            if (layer.name, index) not in owned:
                continue
            name = f"{layer.name}.{words[index] if index < len(words) else index}"
            if name in found:
                raise ConfigError("two parameters have one name", where=f"net '{net.name}'",
                                  found=name, fix="Rename one of the layers.")
            found[name] = blob.values.read(Place.HOST)
    return found


def told(written: dict[str, Array], read: dict[str, Array] | None) -> list[str]:
    """What is to be said of a file of parameters.

    Args:
        read: what the file gave back; None if nobody looked.

    Raises:
        NumericError: that is something else.
    """
    count = sum(array.size for array in written.values())
    said = f"{len(written)} parameters, {count:,} numbers"
    if read is None:
        return [f"{said}."]
    for name, array in written.items():
        if name not in read or not np.array_equal(read[name], array, equal_nan=True):
            raise NumericError(f"the file gives other numbers for '{name}'",
                               fix="Is the disk full, or another program at the file?")
    return [f"{said}; read back, all are the same."]
