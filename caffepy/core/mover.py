"""Mover: makes the arrays of memories in their places, and copies values between places."""

from __future__ import annotations

import contextlib
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy.core import bfloat16
from caffepy.core.place import HALVES, Place
from caffepy.errors import DeviceError

if TYPE_CHECKING:
    from caffepy.core.memory import SyncedMemory

Array = Any  # numpy.ndarray, or cupy.ndarray on a device

BITS = HALVES["bfloat16"]
ALIGNMENT = 64  # bytes: a cache line, and what vector loads like best


class Mover:
    """Makes room in places and carries values between them, counting each journey.

    This one knows the host alone, with NumPy; engines derive faster ones. ``counts`` maps
    (from, to) to the number of copies made, for tests and for ``caffepy time``. ``memories`` are
    all that it serves, where somebody wants to know (a recorder does). ``doors`` are, by their ids,
    those of which a script got a view, and may hold it still.
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[Place, Place]] = Counter()
        self.memories: weakref.WeakSet[SyncedMemory] | None = None
        self.doors: dict[int, weakref.ref[SyncedMemory]] = {}

    def zeros(self, place: Place, count: int, dtype: np.dtype[Any]) -> Array:
        """A flat array of ``count`` zeros in a place.

        Not uninitialised, although whoever asks mostly writes it next: a blob that shrank and
        grows again shows what lies behind its old end. Large ones come from the system as zeros.
        """
        if place.on_device:
            raise DeviceError("this net lives on the CPU and has no device memory")
        dtype = place.dtype(dtype)
        raw = np.zeros(count * dtype.itemsize + ALIGNMENT, np.uint8)
        start = -raw.ctypes.data % ALIGNMENT
        return raw[start : start + count * dtype.itemsize].view(dtype)

    def transfer(self, source: Array, target: Array) -> None:
        """Copy between host and device; both flat, of one order."""
        raise DeviceError("this net lives on the CPU and has no device memory")

    def rewrite(self, source: Array, target: Array) -> None:
        """Copy on one side between C order and channels-last, number formats, or both.

        Views of one shape, N x C x H x W if the order changes; their dtype tells the format.
        """
        if source.dtype == target.dtype:
            np.copyto(target, source)
        elif target.dtype == BITS:
            np.copyto(target, bfloat16.rounded(source))
        elif source.dtype == BITS:
            np.copyto(target, bfloat16.widened(source))
        else:
            with np.errstate(over="ignore"):  # what float16 cannot hold is infinite there
                np.copyto(target, source)

    def computing(self) -> contextlib.AbstractContextManager[Any]:
        """Around work on arrays of a device: queues it behind all other work there."""
        return contextlib.nullcontext()

    def synchronize(self) -> None:
        """Wait until all work on the device is done."""

    def pinned(self) -> list[SyncedMemory]:
        """The memories of which somebody outside holds a view, few among many."""
        found = []
        for number, door in list(self.doors.items()):
            memory = door()
            if memory is not None and memory.pinned:
                found.append(memory)
            elif self.doors.get(number) is door:  # another thread may have put a new one there
                del self.doors[number]
        return found

    @property
    def reorders(self) -> int:
        """How many times a value changed its order so far."""
        return sum(
            n for (a, b), n in self.counts.items() if a.channels_last != b.channels_last
        )

    @property
    def conversions(self) -> int:
        """How many times a value changed its number format so far."""
        return sum(n for (a, b), n in self.counts.items() if a.half != b.half)
