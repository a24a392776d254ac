"""Averaging in a thread, while the caller goes on computing gradients.

Neither MPI libraries nor sockets make progress by themselves: somebody has to stand in the call.
The calls let go of Python's lock, so the thread costs the caller little.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from caffepy.parallel.base import Array, Communicator


class Behind(Communicator):
    """A communicator whose ``start`` averages in a thread of its own, in order.

    Attributes:
        threaded: whether it does; without, ``start`` averages at once.
    """

    threaded = True

    _pool: ThreadPoolExecutor | None = None
    _started: list[Future[None]]

    def start(self, array: Array) -> None:
        if not self.threaded:
            self.average(array)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "averaging")
            self._started = []
        self._started.append(self._pool.submit(self.average, array))

    def after_fork_in_child(self) -> None:
        """The thread is the parent's."""
        self._pool = None

    def finish(self) -> None:
        if self._pool is not None:
            started, self._started = self._started, []
            for future in started:
                future.result()

    def stop_thread(self) -> None:
        """End the thread, once nothing can hold it any more."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def chunks(array: Array, nbytes: int) -> list[Array]:
    """A contiguous array as flat pieces of so many bytes at most."""
    if not array.flags.c_contiguous:
        raise ValueError("workers share contiguous arrays alone")
    flat = array.reshape(-1)
    step = max(1, nbytes // flat.itemsize)
    return [flat[at : at + step] for at in range(0, flat.size, step)]
