"""Lodging: raw memory that several memories live in at different times.

Each lodger asks once for the arrays it needs, cut to its size, and then uses them as if they were
its own: reading and writing cost what they always cost. Who lodges with whom is decided by
core.turns, so that nobody writes while another's numbers are still wanted.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable

import numpy as np

from caffepy.core.memory import Array, Place, SyncedMemory
from caffepy.errors import ConfigError


class Lodging:
    """On the host. As large as the largest lodger; made when the first of them moves in.

    A lodger needs an array for each order in which its numbers are current at once, mostly one.
    Its first takes the first piece of raw memory here, whichever order that is.

    Args:
        lodgers: memory and how errors call it; none of them holds a value yet.
    """

    def __init__(self, lodgers: Iterable[tuple[SyncedMemory, str]]) -> None:
        self._names = weakref.WeakKeyDictionary(dict(lodgers))  # they hold this: no circle
        self._pieces: list[Array] = []
        for memory in self._names:
            memory.lodge(self)

    @property
    def nbytes(self) -> int:
        """Bytes held so far."""
        return sum(int(piece.nbytes) for piece in self._pieces)

    def array(self, lodger: SyncedMemory, place: Place, held: int) -> Array:
        """A flat array for a lodger's capacity; it has ``held`` others already."""
        dtype = place.dtype(lodger.dtype)
        wanted = lodger.capacity * dtype.itemsize
        if held == len(self._pieces):
            self._pieces.append(self._piece(lodger, place))
        elif self._pieces[held].nbytes < wanted:
            # it has grown, or a format is wider than the piece was made for. Nothing that the
            # others hold is wanted any more, so they move along
            for other in self._names:
                if other is not lodger:
                    other.let_go()
            self._pieces[held] = self._piece(lodger, place)
        return self._pieces[held].view(np.uint8)[:wanted].view(dtype)

    def _piece(self, lodger: SyncedMemory, place: Place) -> Array:
        most = max(other.capacity for other in self._names)
        return lodger.mover.zeros(place, most, lodger.dtype)

    def no_door(self, lodger: SyncedMemory) -> ConfigError:
        """The error of a Python script that looks at a lodger."""
        return ConfigError(
            f"{self._names[lodger]} are not kept: other blobs use the same memory, since the net "
            "was built with optimize=True",
            fix="Build the net without optimize=True, where every blob stays readable.")
