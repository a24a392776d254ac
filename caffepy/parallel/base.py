"""The contract of a communicator."""

from __future__ import annotations

from typing import Any

Array = Any  # numpy.ndarray, or cupy.ndarray on a device


class Communicator:
    """Workers that train the same net on different data.

    Every worker calls ``broadcast`` and ``average`` equally often and in the same order; each call
    waits for the others. Arrays are changed in place.

    Attributes:
        rank: which worker this is, from 0. Worker 0 tests, writes snapshots and logs.
        size: how many workers there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def root(self) -> bool:
        """Whether this worker is the one that tests, writes and logs."""
        return self.rank == 0

    def broadcast(self, array: Array, root: int = 0) -> None:
        """Make every worker's array equal to that of worker ``root``."""
        raise NotImplementedError(f"{type(self).__name__}.broadcast")

    def average(self, array: Array) -> None:
        """Replace the array by its mean over all workers, equal to the bit everywhere."""
        raise NotImplementedError(f"{type(self).__name__}.average")

    def abort(self, error: BaseException) -> None:
        """This worker cannot go on: let the others stop with an error instead of waiting."""
        raise NotImplementedError(f"{type(self).__name__}.abort")

    def close(self) -> None:
        """Let go of whatever connects the workers."""
