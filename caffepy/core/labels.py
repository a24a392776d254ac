"""Labels that are no whole numbers: told once, where the layer that reads them truncates them.

A label of 0.2 is no class. The original takes it as 0 without a word, and a net that was to learn
numbers learns classes. Labels that are none of the classes at all, or no numbers, are errors of the
layers (layers/loss/_loss.py).
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np

from caffepy import log
from caffepy.core.blob import Blob
from caffepy.core.memory import Place, SyncedMemory

if TYPE_CHECKING:
    from caffepy.core.layer import Layer

logger = log.get(__name__)

LOOKED_AT = 1 << 20  # labels of one layer; a look at more would cost time in every step

_told: weakref.WeakSet[SyncedMemory] = weakref.WeakSet()  # loss and accuracy read the same labels


def look(layer: Layer, bottom: Blob, index: int) -> None:
    """For a layer that takes its bottom's numbers as whole ones: warn if one is not. Not on a GPU,
    where it would wait for the device: there ``sentence`` is for who looks now and then."""
    if layer.labels_seen < LOOKED_AT and not layer.context.accelerator:
        told = sentence(layer, bottom, index)
        if told:
            logger.warning("%s", told)


def sentence(layer: Layer, bottom: Blob, index: int) -> str | None:
    """What is wrong with the numbers of this bottom, at its first time."""
    layer.labels_seen += bottom.count
    values = bottom.values.read(Place.HOST)
    whole = np.trunc(values)
    if np.array_equal(whole, values) or bottom.values.memory in _told:
        return None
    broken = (whole != values) & np.isfinite(values)  # the layer says what is no number
    if not broken.any():
        return None
    _told.add(bottom.values.memory)
    at = np.unravel_index(int(broken.argmax()), values.shape)
    row = f"row {at[0]} of the batch" if at else "the batch"
    place = f" at {tuple(int(i) for i in at[1:])}" if any(at[1:]) else ""
    kind, fix = layer.integers[index]
    name = layer.reads[index] if layer.reads else f"bottom {index}"  # a layer without a net
    return (f"{layer.place_name}: {values[at]:g} in '{name}', {row}{place}, is no {kind}: it is "
            f"taken as {whole[at] + 0:g}. {fix}")
