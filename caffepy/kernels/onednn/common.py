"""What the oneDNN kernels have in common."""

from __future__ import annotations

import math

from caffepy.core.memory import Place, Shape, Tensor
from caffepy.kernels.base import Engine, Unsupported
from caffepy.kernels.onednn.api import Layout
from caffepy.kernels.onednn.runtime import Runtime


def runtime_of(engine: Engine, *shapes: Shape) -> Runtime:
    """The runtime of a oneDNN engine, for tensors of these shapes.

    Raises:
        Unsupported: one of them is empty.
    """
    if any(0 in shape for shape in shapes):
        raise Unsupported("the oneDNN kernels do not take empty tensors")
    runtime: Runtime = engine.runtime  # type: ignore[attr-defined]
    return runtime


def order(tensor: Tensor) -> Place:
    """Where the tensor's value was last written: elementwise kernels work there."""
    return Place.HOST_LAST if tensor.channels_last else Place.HOST


def flat(runtime: Runtime, shape: Shape) -> Layout:
    """A run of numbers, for kernels to which the order does not matter."""
    return runtime.plain((math.prod(shape),))
