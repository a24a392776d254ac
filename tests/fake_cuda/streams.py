"""Streams, events and captures of the fake device.

Work runs at once, in the order in which it is queued. While a stream captures nothing runs: what
is queued on it becomes the graph, and each launch of the graph runs it all. As on a device, a
capture forbids to wait for the device, and what is queued on another stream escapes it, which is
an error here.

``late`` streams run their work only when somebody waits for it, which shows who forgets to.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any


class CUDARuntimeError(RuntimeError):
    """As cupy_backends' own."""


class _Thread(threading.local):
    def __init__(self) -> None:
        self.current: Stream = NULL
        self.device = 0
        self.capture: Graph | None = None


class Counts:
    """What happened so far; tests read and reset it.

    Attributes:
        syncs: how often the host waited for the device.
        stray: what was queued on the null stream, which a non-blocking stream does not wait for.
        launches: kernels by name.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start again at nothing."""
        self.syncs = 0
        self.stray = 0
        self.launches: dict[str, int] = {}


counts = Counts()


class Graph:
    """What was captured. Made by Stream.end_capture."""

    def __init__(self) -> None:
        self.actions: list[Callable[[], Any]] = []
        self.streams: set[int] = set()

    def launch(self, stream: Stream | None = None) -> None:
        """Run it all; within another capture, become part of that."""
        record(lambda: [action() for action in self.actions], stream)

    def upload(self, stream: Stream | None = None) -> None:
        """Nothing to do here."""


class Event:
    """A point in a stream."""

    def __init__(self, block: bool = False, disable_timing: bool = False,
                 interprocess: bool = False) -> None:
        self.time = 0.0
        self.captured: Graph | None = None
        self.since = -1  # which wait of the host was the last before
        self.stream = 0
        self.behind = 0  # how much work of a late stream lies before

    def record(self, stream: Stream | None = None) -> None:
        stream = stream or _thread.current
        self.captured = stream.capture
        self.stream = stream.ptr
        self.behind = _done.get(self.stream, 0) + len(late.get(self.stream, ())) + 1
        record(self._note, stream)

    def _note(self) -> None:
        self.time = time.perf_counter()
        self.since = _waits[0]

    def synchronize(self) -> None:
        catch_up(self.stream, self.behind)
        synchronize(stream=-1)

    @property
    def done(self) -> bool:
        """As if the device did nothing until the host waits for it."""
        return self.since < _waits[0]


_waits = [0]
late: dict[int, deque[Callable[[], Any]]] = {}  # by the streams' addresses
_done: dict[int, int] = {}  # what late streams have run


def catch_up(stream: int, end: float = math.inf) -> None:
    """Run what a late stream has in its queue, until it has run ``end`` pieces of work in all."""
    queue = late.get(stream, deque())
    while queue and _done.get(stream, 0) < end:
        _done[stream] = _done.get(stream, 0) + 1
        queue.popleft()()


def get_elapsed_time(start: Event, end: Event) -> float:
    """Milliseconds."""
    return (end.time - start.time) * 1000


class Stream:
    """A queue of work."""

    _numbers = itertools.count(1)

    def __init__(self, null: bool = False, non_blocking: bool = False, ptds: bool = False,
                 priority: int | None = None) -> None:
        self.ptr = 0 if null else 0x5000 + 16 * next(self._numbers)
        self.is_non_blocking = non_blocking
        self.device = None if null else _thread.device
        self._before: list[Stream] = []

    @property
    def capture(self) -> Graph | None:
        graph = _thread.capture
        return graph if graph is not None and self.ptr in graph.streams else None

    def use(self) -> Stream:
        _thread.current = self
        return self

    def __enter__(self) -> Stream:
        self._before.append(_thread.current)
        return self.use()

    def __exit__(self, *_: Any) -> None:
        _thread.current = self._before.pop()

    def begin_capture(self, mode: int | None = None) -> None:
        if self.ptr == 0:
            raise RuntimeError("cannot capture on the default (legacy) stream")
        if _thread.capture is not None:
            raise CUDARuntimeError("cudaErrorIllegalState: a capture is under way")
        _thread.capture = Graph()
        _thread.capture.streams.add(self.ptr)

    def end_capture(self) -> Graph:
        graph, _thread.capture = self.capture, None
        if graph is None:
            raise CUDARuntimeError("cudaErrorIllegalState: no capture on this stream")
        return graph

    def is_capturing(self) -> bool:
        return self.capture is not None

    def record(self, event: Event | None = None) -> Event:
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        if event.captured is not None and event.captured is _thread.capture:
            _thread.capture.streams.add(self.ptr)  # a fork: this stream is captured too
        elif self.ptr in late:
            where = event.stream, event.behind  # of now: the event may be recorded anew
            late[self.ptr].append(lambda: catch_up(*where))
        else:
            catch_up(event.stream, event.behind)

    def synchronize(self) -> None:
        synchronize(stream=self.ptr)

    @property
    def done(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self.ptr == other.ptr

    def __hash__(self) -> int:
        return hash(self.ptr)


class ExternalStream(Stream):
    """A stream known by its pointer."""

    def __init__(self, ptr: int, device_id: int = -1) -> None:
        super().__init__(null=True)
        self.ptr = ptr


NULL = Stream(null=True)
Stream.null = NULL  # type: ignore[attr-defined]
_thread = _Thread()


def get_current_stream(device_id: int = -1) -> Stream:
    """This thread's."""
    return _thread.current


def this_thread() -> _Thread:
    """The stream, device and capture of the calling thread."""
    return _thread


def capturing() -> bool:
    """Whether a capture is under way in this thread."""
    return _thread.capture is not None


def record(action: Callable[[], Any], stream: Stream | int | None = None) -> None:
    """Queue ``action`` on a stream (None: the current one): run it, or make it part of a capture.

    Raises:
        CUDARuntimeError: a capture is under way, but not on that stream.
    """
    if stream is None:
        stream = _thread.current
    ptr = stream if isinstance(stream, int) else stream.ptr
    if ptr == 0:
        counts.stray += 1
    if _thread.capture is None and ptr in late:
        late[ptr].append(action)
    elif _thread.capture is None:
        action()
    elif ptr in _thread.capture.streams:
        _thread.capture.actions.append(action)
    else:
        raise CUDARuntimeError(
            f"cudaErrorStreamCaptureImplicit: work for stream {ptr:#x} escapes the capture")


def synchronize(why: str = "waiting for the device", stream: int | None = None) -> None:
    """The host waits for a stream, the current one if None: counted, an error during a capture."""
    if capturing():
        raise CUDARuntimeError(f"cudaErrorStreamCaptureUnsupported: {why} during a capture")
    counts.syncs += 1
    _waits[0] += 1
    catch_up(_thread.current.ptr if stream is None else stream)


def refuse_capture(what: str) -> None:
    """An error if a capture is under way."""
    if capturing():
        raise RuntimeError(f"{what} is not supported during a stream capture")


def reset() -> None:
    """Forget captures and the current stream of this thread."""
    _thread.capture = None
    _thread.current = NULL
    _thread.device = 0
    late.clear()
    _done.clear()
    counts.reset()
