"""What a run of work asks of memories and leaves behind: so that it can be replayed, or undone.

Recorded work is a list of kernels on fixed addresses. Running it again gives what running the
layers again would give, if each memory that was read before it was written is current in the same
places again, if what was zero is zero, and if afterwards each memory says of itself what it said
then. ``watched`` finds that out: while it lasts an observation looks on at the memories and notes
the first thing done to each.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from caffepy.core.memory import Array, Place, Shape, State, SyncedMemory
from caffepy.core.place import PLACES
from caffepy.core.seen import Seen


class Missing(Exception):
    """Work that is being recorded reads a memory that is current on the host alone."""

    def __init__(self, memory: SyncedMemory, place: Place) -> None:
        super().__init__(f"{memory.count} numbers are on the host alone")
        self.memory = memory
        self.place = place

    def bring(self) -> None:
        """Make it current where it is wanted."""
        _bring(self.memory, self.place)


@dataclass
class Observation:
    """The memories that a run of work has touched; their observer (core.state) while it runs.

    Attributes:
        before: each one's state when it was touched first.
        needed: those that were read, or asked whether they are zero, before they were overwritten.
        baked: those whose numbers were looked at on the host.
    """

    before: dict[SyncedMemory, State] = field(default_factory=dict)
    needed: set[SyncedMemory] = field(default_factory=set)
    baked: set[SyncedMemory] = field(default_factory=set)

    def read(self, memory: SyncedMemory, place: Place) -> None:
        """See Observer."""
        self.ask(memory)
        if not place.on_device:
            self.baked.add(memory)

    def ask(self, memory: SyncedMemory) -> None:
        """See Observer."""
        if memory not in self.before:
            self.needed.add(memory)
            self.replace(memory)

    def replace(self, memory: SyncedMemory) -> None:
        """See Observer."""
        if memory not in self.before:
            self.before[memory] = memory.state

    def copied(self, memory: SyncedMemory, seen: Seen) -> None:
        """See Observer. Recorded work makes its copies anew."""

    def moved(self, memory: SyncedMemory) -> None:
        """See Observer. That is recorded, too."""

    def transfer(self, memory: SyncedMemory, target: Place) -> None:
        """See Observer. No graph can hold this."""
        if not target.on_device:
            raise RuntimeError("it looks at numbers of the device on the host")
        if self.before[memory].version != memory.version:
            raise RuntimeError("it makes numbers on the host")
        raise Missing(memory, target)

    def undo(self) -> None:
        """The work was not done after all: all states are what they were."""
        for memory, state in self.before.items():
            memory.restore(state)

    def inside(self, place: Place) -> bool:
        """Whether the work runs on arrays of this place."""
        return place.on_device

    def terms(self) -> Terms:
        """What replays of the work need and leave."""
        changed = [(memory, before, memory.state) for memory, before in self.before.items()
                   if before != memory.state]
        return Terms(
            needs=[(memory, state, [place for place in state.valid if self.inside(place)])
                   for memory, state in self.before.items() if memory in self.needed],
            baked=[(memory, self.before[memory].version) for memory in self.baked],
            writes=[(memory, after) for memory, before, after in changed
                    if after.version != before.version],
            gains=[(memory, after.valid - before.valid, after.last_shape)
                   for memory, before, after in changed if after.version == before.version],
            arrays=[(memory, place, array) for memory in self.before for place in PLACES
                    if self.inside(place) and (array := memory.array_in(place)) is not None],
        )


@dataclass
class Terms:
    """On what terms recorded work may be replayed.

    Attributes:
        needs: the memories that it reads, what they said, and where inside (on the device, for
            work on one) they were current; they must be so again, or be zero if they were.
        baked: those whose numbers are in it, and in which version.
        writes: those that it writes, and what they say afterwards.
        gains: those that it brings to further places, these, and the shape of their last order.
        arrays: where its kernels find memories.
        copies: those of which it uses copies that others make; they must be of what these have.
    """

    needs: list[tuple[SyncedMemory, State, list[Place]]]
    baked: list[tuple[SyncedMemory, int]]
    writes: list[tuple[SyncedMemory, State]]
    gains: list[tuple[SyncedMemory, frozenset[Place], Shape | None]]
    arrays: list[tuple[SyncedMemory, Place, Array]]
    copies: list[tuple[SyncedMemory, Seen]] = field(default_factory=list)

    def hold(self) -> bool:
        """Whether a replay would do what the layers would do."""
        for memory, place, array in self.arrays:
            if memory.array_in(place) is not array:
                return False
        for memory, version in self.baked:
            if memory.version != version:
                return False
        for memory, seen in self.copies:
            if not seen.is_of(memory):
                return False
        for memory, state, places in self.needs:
            if not memory.serves_as(state, places):
                return False
        return True

    def bring(self) -> None:
        """Before the replay: make current what it reads."""
        for memory, _, places in self.needs:
            for place in places:
                if not memory.is_current(place):
                    _bring(memory, place)

    def leave(self) -> None:
        """After the replay: memories know what was written."""
        for memory, state in self.writes:
            memory.restore(state, True)
        for memory, places, last_shape in self.gains:
            memory.gain(places, last_shape)


def _bring(memory: SyncedMemory, place: Place) -> None:
    last = memory.last_shape if place.channels_last else None
    memory.read(place, last or (memory.count,))


@contextlib.contextmanager
def watched(memories: Iterable[SyncedMemory], observation: Observation | None = None
            ) -> Iterator[Observation]:
    """Note what is done to these memories inside the ``with``.

    Raises (inside):
        Missing: one is read on the device whose value is on the host alone.
        RuntimeError: a value has to cross over that was made inside.
    """
    observation = observation or Observation()
    mine = [memory for memory in memories if memory.observer is None]
    for memory in mine:
        memory.observer = observation
    try:
        yield observation
    finally:
        for memory in mine:
            memory.observer = None
