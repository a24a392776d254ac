"""Threads that decode pictures, several at once, and hand them on in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from caffepy import forks

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 8  # more would outrun the one thread that transforms what they decode
AHEAD = 2  # items given out for each thread, so that none waits for its next one


def decoders(threads: int, told: int | None = None) -> int:
    """How many threads decode for a layer: as many as its net computes with, unless told.

    Decoding costs the same processor time however many threads do it, and stops when as many
    batches lie ready as data_param.prefetch asks for. On all cores it slows all of the net's own
    threads down by the same little; on one core it would slow one of them down, and the others
    would wait for that at every step.

    Args:
        threads: the net's.
        told: what the settings say; it counts as it is.
    """
    return told or max(1, min(MOST, threads))


class Crew:
    """A few threads, started when they are first needed. With a count of 1 there is none: the
    caller's own does the work.

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
        """``function`` of each item, in order, as the built-in map; an error is raised in the place
        of its item.

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
