"""What a net costs by cv2.dnn's account: shapes, operations and bytes of each layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.dnn import opencv_flops
from caffepy.dnn.entries import Entry, Pin
from caffepy.dnn.runner import Runner, Shape
from caffepy.errors import ShapeError

BYTES = 4  # of a float32


@dataclass(frozen=True)
class Shapes:
    """A layer with the shapes of what it reads and makes, and of its parameters.

    Attributes:
        spec: its LayerParameter; None for ``_input``.
    """

    entry: Entry
    bottoms: list[Shape]
    tops: list[Shape]
    blobs: list[Shape]
    spec: Any


def as_shapes(shapes: Any) -> list[Shape]:
    """A shape, or a list of shapes, one for each input.

    Raises:
        ShapeError: it is neither.
    """
    try:
        if len(shapes) and np.ndim(shapes[0]) == 0:
            shapes = [shapes]
        return [tuple(int(size) for size in shape) for shape in shapes]
    except (TypeError, ValueError):
        raise ShapeError("a shape is a list of numbers, such as [1, 3, 224, 224]",
                         found=repr(shapes)) from None


def of(runner: Runner, inputs: Sequence[Shape]) -> list[Shapes]:
    """All layers, ``_input`` first.

    Raises:
        ShapeError: the shapes do not fit the net.
    """
    made = runner.shapes(inputs)
    entries, pins, found = runner.entries, dict[Pin, Shape](), list[Shapes]()
    pins |= {Pin(0, number): shape for number, shape in enumerate(inputs)}
    for entry in entries.entries:
        if entry.place is None:
            found.append(Shapes(entry, list(inputs), list(inputs), [], None))
            continue
        spec = runner.param.layer[entry.place]
        bottoms = [pins[pin] for pin in entry.bottoms]
        tops = [made[spec.name][top] for top in entry.tops] or bottoms[-1:]
        pins |= {Pin(entry.id, number): shape for number, shape in enumerate(tops)}
        layer = runner.layer(entry)
        blobs = [blob.shape for blob in layer.blobs] if layer else []
        found.append(Shapes(entry, bottoms, tops, blobs, spec))
    return found


def flops(layer: Shapes) -> int:
    """Operations of one forward, by OpenCV's formula for the type; 0 where it has none."""
    return opencv_flops.of(layer.entry.type, layer.bottoms, layer.tops, layer.blobs, layer.spec)


def weights(layer: Shapes) -> int:
    """Bytes of the parameters."""
    return BYTES * sum(math.prod(shape) for shape in layer.blobs)


def outputs(layer: Shapes) -> int:
    """Bytes of the outputs."""
    return BYTES * sum(math.prod(shape) for shape in layer.tops)
