"""The contract of a communicator."""

from __future__ import annotations

from typing import Any

Array = Any  # numpy.ndarray, or cupy.ndarray on a device


class Communicator:
    """Workers that train the same net on different data.

    Every worker makes the same calls in the same order; each call waits for the others. Arrays are
    flat or at least contiguous, and changed in place. Between ``start`` and ``finish`` there is no
    other call.

    Attributes:
        rank: which worker this is, from 0. Worker 0 tests, writes snapshots and logs.
        size: how many workers there are.
        local_rank, local_size: the same, counted among the workers on this machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

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

    def start(self, array: Array) -> None:
        """Begin to average an array, which nobody may touch until ``finish``.

        Communicators that can average in the background return at once.
        """
        self.average(array)

    def finish(self) -> None:
        """Wait until everything that was started is averaged."""

    def agree(self, number: int) -> int:
        """The largest of the numbers that the workers bring; the same for all."""
        raise NotImplementedError(f"{type(self).__name__}.agree")

    def broadcast_bytes(self, message: bytes) -> bytes:
        """Worker 0's message, which all get; what the others bring does not count."""
        raise NotImplementedError(f"{type(self).__name__}.broadcast_bytes")

    def abort(self, error: BaseException) -> None:
        """This worker cannot go on: end the others with an error instead of letting them wait."""
        raise NotImplementedError(f"{type(self).__name__}.abort")

    def close(self) -> None:
        """Let go of whatever connects the workers."""

    def __enter__(self) -> Communicator:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
