"""The worst of many records, few enough to be shown."""

from __future__ import annotations

import heapq
from typing import Generic, Protocol, TypeVar

from caffepy.services.report.seen import Seen


class Kept(Protocol):
    """What is kept of a record: its number, and what it is called, which is filled in here."""

    name: str

    @property
    def number(self) -> int: ...


K = TypeVar("K", bound=Kept)
Badness = tuple[float, ...]  # the higher, the worse


class Worst(Generic[K]):
    """Keeps so many records; of equally bad ones those that came first.

    Args:
        most: how many.
        seen: knows what records are called; None: they have no names.
    """

    def __init__(self, most: int, seen: Seen | None) -> None:
        self._most, self._seen = most, seen
        self._heap: list[tuple[Badness, int, K]] = []

    def takes(self, badness: Badness, number: int) -> bool:
        """Whether a record of that number would be kept: only then make what is kept of it."""
        return len(self._heap) < self._most or (badness, -number) > self._heap[0][:2]

    def keep(self, badness: Badness, item: K) -> None:
        """Keep it in the place of the least bad one."""
        entry = badness, -item.number, item
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def items(self) -> list[K]:
        """The worst first, with their names."""
        found = [item for _, _, item in sorted(self._heap, key=lambda entry: entry[:2],
                                               reverse=True)]
        if self._seen:
            names = self._seen.called([item.number for item in found])
            for item, name in zip(found, names, strict=True):
                item.name = name
        return found
