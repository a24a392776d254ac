"""A thread that works ahead, so that the net finds its next batch ready."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from caffepy import log
from caffepy.errors import CaffeError

logger = log.get(__name__)

T = TypeVar("T")

WAITS_PER_LINE = 1000  # "Waiting for data" is said once in so many waits, as in the original


class _Queue(Generic[T]):
    """What the thread and its owner share; the thread holds this alone, never the owner."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.items: deque[T] = deque()
        self.error: BaseException | None = None
        self.stopping = False
        self.thread: threading.Thread | None = None


def _work(queue: _Queue[T], produce: Callable[[], T], depth: int) -> None:
    while True:
        with queue.changed:
            queue.changed.wait_for(lambda: queue.stopping or len(queue.items) < depth)
            if queue.stopping:
                return
        try:
            item = produce()
        except BaseException as error:  # whatever it is, it belongs to the one who waits
            with queue.changed:
                queue.error = error
                queue.changed.notify_all()
            return
        with queue.changed:
            queue.items.append(item)
            queue.changed.notify_all()


def _stop(queue: _Queue[T], timeout: float | None = None) -> None:
    with queue.changed:
        queue.stopping = True
        queue.changed.notify_all()
        thread = queue.thread
    if thread is not None and thread is not threading.current_thread():
        thread.join(timeout)


class Prefetcher(Generic[T]):
    """Calls ``produce`` in a thread and keeps up to ``depth`` results ready, in order.

    The thread starts at the first ``get`` (or ``start``). What ``produce`` raises, ``get``
    raises, after the items made before it. One that is never closed ends with its owner, and
    at the latest with the interpreter.

    Args:
        produce: makes the next item; it is called from one thread at a time.
        depth: how many items wait at most (data_param.prefetch).
    """

    def __init__(self, produce: Callable[[], T], depth: int = 4) -> None:
        self._produce = produce
        self._depth = max(1, depth)
        self._waits = 0
        self._closed = False
        self._renew()

    def _renew(self) -> None:
        self._queue: _Queue[T] = _Queue()
        # at exit the thread is waited for, but not for ever
        self._finalizer = weakref.finalize(self, _stop, self._queue, 5.0)

    def start(self) -> None:
        queue = self._queue
        with queue.changed:  # who stops it must find it started
            if queue.thread is None and not queue.stopping:
                thread = threading.Thread(
                    target=_work,
                    args=(queue, self._produce, self._depth),
                    name="prefetch",
                    daemon=True,
                )
                thread.start()
                queue.thread = thread

    def get(self) -> T:
        """The next item; waits for it if need be, and raises what ``produce`` raised."""
        if self._closed:
            raise CaffeError("the prefetcher is closed")
        queue = self._queue
        begun = queue.thread is not None
        self.start()
        with queue.changed:
            if not queue.items and queue.error is None:
                if begun:  # that the first item is not there yet says nothing about the thread
                    if self._waits % WAITS_PER_LINE == 0:
                        logger.info("Waiting for data")
                    self._waits += 1
                queue.changed.wait_for(
                    lambda: queue.items or queue.error is not None or queue.stopping
                )
            if queue.items:
                item = queue.items.popleft()
                queue.changed.notify_all()
                return item
            if queue.error is not None:
                raise queue.error
        raise CaffeError("the prefetcher was stopped while somebody waited for it")

    @property
    def ready(self) -> bool:
        """Whether ``get`` would not wait, and not raise."""
        return bool(self._queue.items)

    def stop(self) -> None:
        """End the thread and drop what it made ahead; the next ``get`` starts afresh.

        For moving the source: ``prefetcher.stop(); source.seek(position)``.
        """
        self._finalizer.detach()
        _stop(self._queue)
        self._renew()

    def begin_anew(self) -> bool:
        """In a forked child: forget the thread, which is the parent's, and what it made ahead.

        Returns:
            whether there was one, so that the source stands somewhere ahead.
        """
        ran = self._queue.thread is not None
        self._finalizer.detach()
        self._renew()
        return ran

    def close(self) -> None:
        """End the thread for good. Closing twice does no harm."""
        self._closed = True
        self._finalizer.detach()
        _stop(self._queue)

    def __enter__(self) -> Prefetcher[T]:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
