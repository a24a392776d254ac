"""The thread in which nets run: one at a time, and behind whatever else the machine does."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from caffepy.board.shelf import Shelf
from caffepy.errors import ConfigError

T = TypeVar("T")
WAITING = 16  # views that may wait for their turn


class Worker:
    """See ``Ask.one``. A training beside the board has the machine first: on Linux each thread has
    a priority of its own, and this one's, with those that its nets start, is the lowest."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        self._pool = ThreadPoolExecutor(1, "nets", initializer=last_in_line)
        self._turns = threading.BoundedSemaphore(WAITING)

    def run(self, function: Callable[[], T]) -> T:
        """What a function returns, when its turn has come.

        Raises:
            ConfigError: too many wait. What the function raises.
        """
        if not self._turns.acquire(blocking=False):
            raise ConfigError("too much was asked at once", fix="Try again in a while.")
        try:
            return self._pool.submit(function).result()
        finally:
            self._turns.release()


def last_in_line() -> None:
    """Give this thread the lowest priority, where threads have one."""
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
