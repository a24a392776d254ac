"""Threads that decode pictures, several at once, and hand them on in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from caffepy import cores, forks
from caffepy.errors import ConfigError

Item = TypeVar("Item")
Result = TypeVar("Result")

SETTING = "CAFFEPY_DECODERS"
MOST = 8  # beyond it the one thread that transforms what they decode has no time left
AHEAD = 2  # items given out for each thread, so that none waits for its next one


def decoders(threads: int | None = None) -> int:
    """How many threads decode for a layer: CAFFEPY_DECODERS, or as many as its net computes with.

    Decoding costs the same processor time however many threads do it, and rests when the batches
    that data_param.prefetch asks for lie ready. On all cores it holds up a net's own threads evenly
    and briefly; on one it would hold up that core's, for which the others then wait at every step.

    Args:
        threads: the net's; None for OMP_NUM_THREADS, or the cores that this process may use.

    Raises:
        ConfigError: the setting is no number.
    """
    if given := os.environ.get(SETTING):
        if not given.isdecimal() or not int(given):
            raise ConfigError(f"{SETTING} must be a number of threads", found=repr(given),
                              allowed="1 or more")
        return int(given)
    return max(1, min(MOST, cores.threads() if threads is None else threads))


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
