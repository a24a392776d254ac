"""What layers do to memories on the host while their work is taped, and whether the tape has all.

A kernel asks a memory for an array and hands it to its engine, which tapes what it does with it.
But a layer may as well work on the array by NumPy, and then the tape would miss that. So each time
a memory hands out an array is held against the work that was taped from then until the layer was
through:

- an array to be overwritten must be among what the work was given, or the layer is none to tape;
- so must one that is read, unless the value is the same in every replay: then the tape has made
  something of it (weights in another order, say) and holds as long as that value does.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import Any, NamedTuple

from caffepy.core.memory import Place, SyncedMemory
from caffepy.core.observe import Observation, Terms
from caffepy.core.place import PLACES
from caffepy.core.seen import Seen


class _Handed(NamedTuple):
    """A memory has handed out an array."""

    memory: SyncedMemory
    version: int  # of its value, if that was read; -1 if it is to be overwritten
    unit: int
    position: int  # on the tape


class Overheard(Observation):
    """Of layers that run one after the other, each with a number.

    Args:
        tape: what their engine tapes (kernels.onednn.tape.Tape).
    """

    def __init__(self, tape: Any) -> None:
        super().__init__()
        self.tape = tape
        self.unfit: set[int] = set()  # the numbers of those whose work the tape has not
        self._unit = -1
        self._ends: dict[int, int] = {}
        self._handed: list[_Handed] = []
        self._copies: list[tuple[SyncedMemory, Seen]] = []

    def begin(self, unit: int) -> None:
        """The layer of that number is next."""
        self.end()
        self._unit = unit

    def end(self) -> None:
        """It is through."""
        self._ends[self._unit] = len(self.tape)

    # -- what memories tell --------------------------------------------------------------

    def read(self, memory: SyncedMemory, place: Place) -> None:
        """See Observer."""
        self.ask(memory)
        if not memory.state.valid:  # zeros are written now, beside the tape
            self.unfit.add(self._unit)
        self._hand(memory, memory.version)

    def ask(self, memory: SyncedMemory) -> None:
        """See Observer."""
        if memory not in self.before:
            self.needed.add(memory)
            super().replace(memory)

    def replace(self, memory: SyncedMemory) -> None:
        """See Observer."""
        super().replace(memory)
        self._hand(memory, -1)

    def copied(self, memory: SyncedMemory, seen: Seen) -> None:
        """See Observer. Whether it is still one is asked before each replay."""
        self._copies.append((memory, seen))

    def moved(self, memory: SyncedMemory) -> None:
        """See Observer. Whoever asked for the array has yet to do something with it."""
        for position in range(self._handed[-1].position, len(self.tape)):
            self.tape.extents[position] = []

    def inside(self, place: Place) -> bool:
        """See Observation."""
        return not place.on_device

    # -- what follows --------------------------------------------------------------------

    def judge(self) -> set[int]:
        """All are through. Returns the numbers of those that cannot be taped."""
        self.end()
        for handed in self._handed:
            if self._has(handed):
                continue
            if handed.version == self.before[handed.memory].version == handed.memory.version:
                self.baked.add(handed.memory)
            else:
                self.unfit.add(handed.unit)
        return self.unfit

    def terms(self) -> Terms:
        """See Observation. Where those lie that the tape has copies of does not matter to it."""
        starts = sorted(extent.start for step in self.tape.extents for extent in step)

        def is_used(array: Any) -> bool:
            mine = self.tape.extent(array)
            at = bisect_left(starts, mine.start)
            return at < len(starts) and starts[at] < mine.end

        terms = super().terms()
        return replace(terms, copies=self._copies,
                       arrays=[found for found in terms.arrays if is_used(found[2])])

    def _hand(self, memory: SyncedMemory, version: int) -> None:
        self._handed.append(_Handed(memory, version, self._unit, len(self.tape)))

    def _has(self, handed: _Handed) -> bool:
        """Whether work that was taped since was given an array of this memory."""
        places = (array for place in PLACES if self.inside(place)
                  if (array := handed.memory.array_in(place)) is not None)
        extents = [self.tape.extent(array) for array in places]
        return any(mine.meets(other)
                   for step in self.tape.extents[handed.position : self._ends[handed.unit]]
                   for other in step for mine in extents)
