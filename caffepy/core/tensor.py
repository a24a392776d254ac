"""Tensor: a memory seen in a shape."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from caffepy.core.mover import Array
from caffepy.core.place import Place

if TYPE_CHECKING:
    from caffepy.core.memory import Shape, SyncedMemory


class Tensor:
    """A shaped window on a SyncedMemory: what layers hand to kernels.

    A blob has two, ``values`` and ``grads``. Two tensors may share one memory.
    """

    __slots__ = ("_one_order", "memory", "shape")

    def __init__(self, memory: SyncedMemory, shape: Shape) -> None:
        self.memory = memory
        self.reshape(shape)

    def reshape(self, shape: Shape) -> None:
        """Look at the memory as ``shape`` from now on, growing it if it is too small."""
        self.shape = shape
        # with one channel, or one pixel, channels-last is C order; other ranks know only C
        self._one_order = len(shape) != 4 or shape[1] == 1 or shape[2] * shape[3] == 1
        self.memory.resize(math.prod(shape))

    def read(self, place: Place) -> Array:
        """See SyncedMemory.read; any place will do for shapes that know one order only."""
        return self.memory.read(place.plain if self._one_order else place, self.shape)

    def write(self, place: Place) -> Array:
        """See SyncedMemory.write."""
        return self.memory.write(place.plain if self._one_order else place, self.shape)

    def overwrite(self, place: Place) -> Array:
        """See SyncedMemory.overwrite."""
        return self.memory.overwrite(place.plain if self._one_order else place, self.shape)

    def accumulate(self, place: Place) -> tuple[Array, bool]:
        """See SyncedMemory.accumulate."""
        return self.memory.accumulate(place.plain if self._one_order else place, self.shape)

    def zero(self) -> None:
        """See SyncedMemory.zero."""
        self.memory.zero()

    @property
    def is_zero(self) -> bool:
        """See SyncedMemory.is_zero."""
        return self.memory.is_zero

    @property
    def version(self) -> int:
        """See SyncedMemory.version."""
        return self.memory.version

    @property
    def count(self) -> int:
        """How many numbers."""
        return self.memory.count

    @property
    def channels_last(self) -> bool:
        """Whether the value was last written in this shape's channels-last order."""
        memory = self.memory
        return memory.in_last_order and memory.last_shape == self.shape

    def share(self, other: Tensor) -> None:
        """Live in the other tensor's memory from now on, in this tensor's own shape."""
        self.memory = other.memory
