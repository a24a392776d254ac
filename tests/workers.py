"""Workers that train together in one process, a thread each: the contract and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from caffepy.parallel.base import Communicator


class Crowd:
    """What ``size`` workers share."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.barrier = threading.Barrier(size, timeout=30)
        self.said: list[Any] = [None] * size

    def exchange(self, rank: int, word: Any) -> list[Any]:
        """Everybody's word, in order."""
        self.said[rank] = word
        self.barrier.wait()
        heard = list(self.said)
        self.barrier.wait()
        return heard


class Together(Communicator):
    """One of a crowd. ``log`` keeps how long the arrays were that were averaged, and where
    finish came. What is touched between start and finish is an error."""

    def __init__(self, crowd: Crowd, rank: int) -> None:
        self.crowd, self.rank, self.size = crowd, rank, crowd.size
        self.log: list[Any] = []
        self._under_way: list[tuple[np.ndarray, np.ndarray]] = []

    def broadcast(self, array: np.ndarray, root: int = 0) -> None:
        array[...] = self.crowd.exchange(self.rank, array.copy())[root]

    def average(self, array: np.ndarray) -> None:
        array[...] = sum(self.crowd.exchange(self.rank, array.copy())) / self.size

    def start(self, array: np.ndarray) -> None:
        self.log.append(array.size)
        self._under_way.append((array, array.copy()))

    def finish(self) -> None:
        self.log.append("finish")
        under_way, self._under_way = self._under_way, []
        for array, before in under_way:
            np.testing.assert_array_equal(array, before)
            self.average(array)

    def agree(self, number: int) -> int:
        return max(self.crowd.exchange(self.rank, number))

    def broadcast_bytes(self, message: bytes) -> bytes:
        return self.crowd.exchange(self.rank, message)[0]

    def abort(self, error: BaseException) -> None:
        self.crowd.barrier.abort()


def together(size: int, work: Callable[[Together], Any]) -> list[Any]:
    """What ``work`` returned in each of the workers; raises what went wrong first."""
    crowd = Crowd(size)
    results: list[Any] = [None] * size
    errors: list[BaseException] = []

    def run(rank: int) -> None:
        try:
            results[rank] = work(Together(crowd, rank))
        except BaseException as error:
            errors.append(error)
            crowd.barrier.abort()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        if not isinstance(error, threading.BrokenBarrierError):
            raise error
    assert not errors, errors
    return results
