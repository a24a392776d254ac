"""Seen: which value of a tensor somebody has a copy of.

Weights in another order, pixels picked out, parameters folded into others: such copies are renewed
when a version says that the value has changed, and not before.
"""

from __future__ import annotations

import weakref
from typing import Any

from caffepy.core.memory import SyncedMemory, Tensor


class Seen:
    """Of one copy. Ask before you read: who finds that his copy will do has not read anything."""

    def __init__(self) -> None:
        self._memory: SyncedMemory | None = None
        self._version = -1
        self._before: weakref.ref[Any] | None = None  # who looked on when it was made

    def is_new(self, tensor: Tensor) -> bool:
        """Whether this is another value; from now on it is the one that was seen."""
        memory = tensor.memory
        observer = memory.observer
        if self.is_of(memory):
            if observer is not None and (self._before is None or self._before() is not observer):
                observer.copied(memory, self)
            return False
        self._memory, self._version = memory, memory.version
        self._before = weakref.ref(observer) if observer is not None else None
        return True

    def is_of(self, memory: SyncedMemory) -> bool:
        """Whether the copy is one of the value that this memory has now."""
        return memory is self._memory and memory.version == self._version

    def forget(self) -> None:
        """The next one is new."""
        self._memory = None
