"""What was made of a file, until the file changes."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Results by key, each as long as none of its files has changed (size, time of change, number
    of the file). Several threads may ask; one key is worked on by one thread at a time.

    Args:
        most: how many results are kept, those asked for last.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._results: OrderedDict[Hashable, tuple[object, T]] = OrderedDict()
        self._working: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T], *files: str | os.PathLike[str]) -> T:
        """The result of ``make`` for a key, called again once a file has changed.

        Raises: what ``make`` raises, which is not kept.
        """
        with self._lock:
            working = self._working.setdefault(key, threading.Lock())
        with working:
            seen = tuple(_seen(file) for file in files)
            with self._lock:
                kept = self._results.get(key)
                if kept is not None and kept[0] == seen:
                    self._results.move_to_end(key)
                    return kept[1]
            try:
                result = make()
            except BaseException:
                with self._lock:
                    if key not in self._results:
                        self._working.pop(key, None)  # visitors may think of any number of keys
                raise
            with self._lock:
                self._results[key] = seen, result
                self._results.move_to_end(key)
                while len(self._results) > self.most:
                    old, _ = self._results.popitem(last=False)
                    self._working.pop(old, None)
            return result


def _seen(path: str | os.PathLike[str]) -> object:
    try:
        told = os.stat(path)
    except OSError:
        return None
    return told.st_size, told.st_mtime_ns, told.st_ino
