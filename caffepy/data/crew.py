"""Threads that decode pictures, several at once, and hand them on in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from caffepy import forks

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 8  # beyond it the one thread that transforms what they decode has no time left
AHEAD = 2  # items given out for each thread, so that none waits for its next one


def decoders(threads: int, told: int | None = None) -> int:
    """How many threads decode for a layer: as many as its net computes with, unless told.

    Decoding costs the same processor time however many threads do it, and rests when the batches
    that data_param.prefetch asks for lie ready. On all cores it holds up a net's own threads evenly
    and briefly; on one it would hold up that core's, for which the others then wait at every step.

    Args:
        threads: the net's.
        told: what the settings say; it counts as it is.
    """
    return told or max(1, min(MOST, threads))


class Crew:
    """A few threads, started when they are first needed. With one there is none: who asks works.

    Args:
        count: how many threads.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: ThreadPoolExecutor | None = None
        forks.watch(self)

    def after_fork_in_child(self) -> None:
        """The threads are the parent's; a later ``map`` starts new ones."""
        self._pool = None

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """``function`` of each item, in order, as the built-in map; and errors where they belong.

        Few items are under way at once, however many there are.
        """
        if self._count == 1:
            yield from map(function, items)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._count, "decode")
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(self._pool.submit(function, item))
                if len(waiting) > AHEAD * self._count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the threads; a later ``map`` starts new ones."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
