"""What a run of work asks of memories and leaves behind: so that it can be replayed, or undone.

Recorded work is a list of kernels on fixed addresses. Running it again gives what running the
layers again would give, if each memory that was read before it was written is current in the same
places again, if what was zero is zero, and if afterwards each memory says of itself what it said
then. ``watched`` finds that out: while it lasts all memories of a mover are of a class that notes
the first thing done to each. Nothing is noted, and nothing costs, at any other time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from caffepy.core.memory import Array, Place, Shape, SyncedMemory


class Missing(Exception):
    """Work that is being recorded reads a memory that is current on the host alone."""

    def __init__(self, memory: SyncedMemory, place: Place) -> None:
        super().__init__(f"{memory.count} numbers are on the host alone")
        self.memory = memory
        self.place = place

    def bring(self) -> None:
        """Make it current where it is wanted."""
        _bring(self.memory, self.place)


@dataclass(frozen=True)
class State:
    """What a memory says of itself."""

    valid: frozenset[Place]
    last_shape: Shape | None
    in_last_order: bool
    version: int

    @staticmethod
    def of(memory: SyncedMemory) -> State:
        return State(frozenset(memory._valid), memory._last_shape, memory.in_last_order,
                     memory.version)

    def restore(self, memory: SyncedMemory) -> None:
        """Let the memory say it again."""
        memory._valid.clear()
        memory._valid.update(self.valid)
        memory._last_shape = self.last_shape
        memory.in_last_order = self.in_last_order


@dataclass
class Observation:
    """The memories that a run of work has touched.

    Attributes:
        before: each one's state when it was touched first.
        read: those that were read, or asked whether they are zero, before they were overwritten.
        baked: those whose numbers were looked at on the host.
    """

    before: dict[SyncedMemory, State] = field(default_factory=dict)
    read: set[SyncedMemory] = field(default_factory=set)
    baked: set[SyncedMemory] = field(default_factory=set)

    def touch(self, memory: SyncedMemory, reads: bool) -> None:
        """Note the first thing done to a memory."""
        if memory not in self.before:
            self.before[memory] = State.of(memory)
            if reads:
                self.read.add(memory)

    def undo(self) -> None:
        """The work was not done after all: all states are what they were."""
        for memory, state in self.before.items():
            state.restore(memory)
            memory.version = state.version

    def terms(self) -> Terms:
        """What replays of the work need and leave."""
        return Terms(
            needs=[_Need(memory, self.before[memory]) for memory in self.read],
            baked=[(memory, self.before[memory].version) for memory in self.baked],
            leaves=[_Left(memory, state, State.of(memory))
                    for memory, state in self.before.items() if state != State.of(memory)],
            rooms=[(memory, place, room) for memory in self.before
                   for place, room in memory._store.items() if place.on_device],
        )


class _Need:
    """A memory that is read: it must be zero again, or current where it was."""

    __slots__ = ("memory", "places", "state")

    def __init__(self, memory: SyncedMemory, state: State) -> None:
        self.memory = memory
        self.state = state
        self.places = tuple(place for place in state.valid if place.on_device)

    def fits(self) -> bool:
        memory, state = self.memory, self.state
        if not state.valid or not memory._valid:
            return not state.valid and not memory._valid
        return memory.in_last_order == state.in_last_order and not (
            state.last_shape != memory._last_shape
            and any(place.channels_last for place in self.places))

    def bring(self) -> None:
        for place in self.places:
            if place not in self.memory._valid:
                _bring(self.memory, place)


class _Left:
    """A memory that is written, or brought to further places."""

    __slots__ = ("gained", "memory", "state", "written")

    def __init__(self, memory: SyncedMemory, before: State, after: State) -> None:
        self.memory = memory
        self.state = after
        self.written = after.version != before.version
        self.gained = after.valid - before.valid

    def leave(self) -> None:
        memory = self.memory
        if self.written:
            self.state.restore(memory)
            memory.version += 1
        else:
            memory._valid |= self.gained
            memory._last_shape = self.state.last_shape


@dataclass
class Terms:
    """On what terms recorded work may be replayed."""

    needs: list[_Need]
    baked: list[tuple[SyncedMemory, int]]
    leaves: list[_Left]
    rooms: list[tuple[SyncedMemory, Place, Array]]

    def hold(self) -> bool:
        """Whether a replay would do what the layers would do."""
        return (
            all(memory._store.get(place) is room for memory, place, room in self.rooms)
            and all(memory.version == version for memory, version in self.baked)
            and all(need.fits() for need in self.needs)
        )

    def bring(self) -> None:
        """Before the replay: make current what it reads."""
        for need in self.needs:
            need.bring()

    def leave(self) -> None:
        """After the replay: memories know what was written."""
        for left in self.leaves:
            left.leave()


def _bring(memory: SyncedMemory, place: Place) -> None:
    last = memory.last_shape if place.channels_last else None
    memory.read(place, last or (memory.count,))


@contextlib.contextmanager
def watched(memories: Iterable[SyncedMemory]) -> Iterator[Observation]:
    """Note what is done to these memories inside the ``with``.

    Raises (inside):
        Missing: one is read on the device whose value is on the host alone.
        RuntimeError: a value has to cross over that was made inside.
    """
    observation = Observation()

    class Watched(SyncedMemory):
        __slots__ = ()

        def read(self, place: Place, shape: Shape) -> Array:
            observation.touch(self, True)
            if not place.on_device:
                observation.baked.add(self)
            return super().read(place, shape)

        def overwrite(self, place: Place, shape: Shape) -> Array:
            observation.touch(self, False)
            return super().overwrite(place, shape)

        def zero(self) -> None:
            observation.touch(self, False)
            super().zero()

        @property
        def is_zero(self) -> bool:
            observation.touch(self, True)
            return not self._valid

        def _transfer(self, source: Place, target: Place) -> None:
            if not target.on_device:
                raise RuntimeError("it looks at numbers of the device on the host")
            if observation.before[self].version != self.version:
                raise RuntimeError("it makes numbers on the host")
            raise Missing(self, target)

    plain = [memory for memory in memories if type(memory) is SyncedMemory]
    stand_in: Any = Watched
    for memory in plain:
        memory.__class__ = stand_in
    try:
        yield observation
    finally:
        for memory in plain:
            memory.__class__ = SyncedMemory
