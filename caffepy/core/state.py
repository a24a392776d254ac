"""What a memory says of itself, and who may be told what is done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from caffepy.core.place import Place

if TYPE_CHECKING:
    from caffepy.core.memory import Shape, SyncedMemory
    from caffepy.core.seen import Seen


class State(NamedTuple):
    """Where a memory is current, and of which value.

    Attributes:
        valid: the places where it is current; none if the value is zero.
        last_shape: whose channels-last order the channels-last places hold.
        in_last_order: whether the last write was in channels-last order.
        version: grows with every write.
    """

    valid: frozenset[Place]
    last_shape: Shape | None
    in_last_order: bool
    version: int


class Observer(Protocol):
    """Is told of each verb before it is done. It may raise, and then it is not done."""

    def read(self, memory: SyncedMemory, place: Place) -> None:
        """Somebody reads the value in a place."""

    def replace(self, memory: SyncedMemory) -> None:
        """Somebody overwrites the value, or makes it zero."""

    def ask(self, memory: SyncedMemory) -> None:
        """Somebody asks whether it is zero."""

    def copied(self, memory: SyncedMemory, seen: Seen) -> None:
        """Somebody uses a copy that he made of the value before this observer came."""

    def moved(self, memory: SyncedMemory) -> None:
        """For somebody who reads it the value has just been copied into another order or format."""

    def transfer(self, memory: SyncedMemory, target: Place) -> None:
        """The value is to cross over to a place on the other side."""
