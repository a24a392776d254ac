"""What the oneDNN kernels have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence

from caffepy.core.memory import Place, Shape, SyncedMemory, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, Layout
from caffepy.kernels.onednn.runtime import Runtime

# max(y, 0) behind another operation. oneDNN's own ReLU makes 0 of what is no number, which would
# hide a net that diverges. This is y times a factor that jumps from 0 to 1 where y is 0, so that it
# lets the others through; the last step makes 0 of -0.
RELU = (("eltwise", api.HARDSWISH, 1e30, 0.0), ("eltwise", api.LINEAR, 1.0, 0.0))


class Seen:
    """Which value of a tensor was read last: for copies that are renewed when it has changed."""

    def __init__(self) -> None:
        self._memory: SyncedMemory | None = None
        self._version = -1

    def is_new(self, tensor: Tensor) -> bool:
        """Whether this is another value; from now on it is the one that was seen."""
        memory = tensor.memory
        if memory is self._memory and memory.version == self._version:
            return False
        self._memory, self._version = memory, memory.version
        return True

    def forget(self) -> None:
        """The next one is new."""
        self._memory = None


class Cuts:
    """Where the pieces of an array begin: views, made once while it is the same array."""

    def __init__(self, starts: Sequence[int]) -> None:
        self._starts = starts
        self._array: Array | None = None
        self._views: list[Array] = []

    def of(self, array: Array) -> list[Array]:
        """``array`` lies in one piece, in C order or channels-last."""
        if array is not self._array:
            whole = array.flags.c_contiguous
            line = (array if whole else array.transpose(0, 2, 3, 1)).reshape(-1)
            self._views = [line[start:] for start in self._starts]
            self._array = array
        return self._views


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
