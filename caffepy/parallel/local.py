"""Workers on one machine, each a process, without MPI: numbers meet in shared memory.

Each writes its numbers into a room of its own, adds up one part of everybody's, and takes the
whole from a common room. Sockets keep them in step, in a star around worker 0: unlike counters in
shared memory they order what is written on any processor, and they end when a process does, so
that nobody waits for the dead. A second socket to each brings news at any time: that a worker has
ended, and by which error, if by one.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import secrets
import selectors
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from caffepy import forks
from caffepy.errors import CaffeError, DeviceError
from caffepy.parallel.base import Array
from caffepy.parallel.behind import Behind, chunks

ROOM = 1 << 20  # bytes: of a worker's part of the shared memory
MEMORY_FOLDERS = ("/dev/shm", tempfile.gettempdir())  # the first is not written to a disk
WAIT = 120.0  # seconds in which all workers must have come
GLANCE = 0.1  # seconds between two looks at whether somebody has ended before coming
NEWS = 5.0  # seconds in which the reason of a broken connection follows it

HEADER = struct.Struct("<I")
HELLO = struct.Struct("<4sII")  # what for, rank, size
NUMBER = struct.Struct("<q")
Check = Callable[[], object]


def new_uid() -> str:
    """A name by which workers on this machine find each other; nobody can guess it."""
    return "caffepy-" + secrets.token_hex(12)


class Local(Behind):
    """The workers that came under one name.

    Args:
        uid: what ``new_uid`` gave.
        rank, size: which of how many workers this is.
        check: called again and again until all have come; it may raise.

    Attributes:
        on_lost: called, by another thread, when a worker ends in an error: to end waits that
            would not end by themselves, such as those in NCCL's kernels.

    Raises:
        CaffeError: not all workers have come in time, or they differ about ``size``.
        DeviceError: the system has no sockets between processes, or no room for shared memory.
    """

    def __init__(self, uid: str, rank: int, size: int, check: Check = lambda: None) -> None:
        self.rank = self.local_rank = rank
        self.size = self.local_size = size
        self.on_lost: list[Callable[[], object]] = []
        self._steps: dict[int, socket.socket] = {}  # rank to the socket that keeps in step
        self._news: dict[int, socket.socket] = {}
        self._lost: str | None = None
        self._has_news = threading.Event()
        self._closed = False
        self._lock = threading.Lock()
        try:
            if size > 1:
                self._meet(uid, check)
            self._share_memory()
        except BaseException:
            self.close()
            raise
        self._ear = threading.Thread(target=self._listen, name="news of workers", daemon=True)
        if size > 1:
            self._ear.start()
        forks.watch(self)

    def after_fork_in_child(self) -> None:
        """A child takes no part, and keeps nothing open by which others see that its parent lives.
        """
        super().after_fork_in_child()
        self._lock = threading.Lock()
        if self.size == 1:
            self._share_memory()
            return
        self._closed = True
        self._lost = self._lost or "this process was forked from a worker and takes no part"
        self._has_news = threading.Event()
        self._has_news.set()
        for connection in (*self._steps.values(), *self._news.values()):
            connection.close()

    # -- what workers do ------------------------------------------------------------------

    def broadcast(self, array: Array, root: int = 0) -> None:
        for part in chunks(array, ROOM):
            common = self._room(self.size, part.dtype)[: part.size]
            if self.rank == root:
                common[:] = part
            self._in_step()
            if self.rank != root:
                part[:] = common
            self._in_step()

    def average(self, array: Array) -> None:
        for part in chunks(array, ROOM):
            rooms = [self._room(rank, part.dtype)[: part.size] for rank in range(self.size)]
            common = self._room(self.size, part.dtype)[: part.size]
            rooms[self.rank][:] = part
            self._in_step()
            mine = slice(part.size * self.rank // self.size,
                         part.size * (self.rank + 1) // self.size)
            total = common[mine]  # in the order of ranks, whoever adds: equal to the bit
            np.copyto(total, rooms[0][mine])
            for room in rooms[1:]:
                np.add(total, room[mine], out=total)
            np.multiply(total, 1 / self.size, out=total)
            self._in_step()
            part[:] = common
            # the next part's first step comes before anybody writes to the common room again

    def agree(self, number: int) -> int:
        def largest(said: list[bytes]) -> bytes:
            return max(said, key=lambda word: NUMBER.unpack(word)[0])

        return int(NUMBER.unpack(self._exchange(NUMBER.pack(number), largest))[0])

    def broadcast_bytes(self, message: bytes) -> bytes:
        return self._exchange(message, lambda said: said[0])

    def abort(self, error: BaseException) -> None:
        text = str(error) if isinstance(error, CaffeError) else _name(error)
        if self._lost is None:  # it is not theirs that comes back to them
            self._lost = text
            self._spread(text.encode()[: 1 << 16] or b"?", None)
        self.close()

    def close(self) -> None:
        with self._lock:
            first, self._closed = not self._closed, True
        if not first:
            return
        if self._lost is None:
            self._spread(b"", None)
        for connection in (*self._steps.values(), *self._news.values()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        if hasattr(self, "_ear") and self._ear is not threading.current_thread():
            if self._ear.is_alive():
                self._ear.join(NEWS)
        self.stop_thread()
        for connection in (*self._steps.values(), *self._news.values()):
            connection.close()

    # -- keeping in step ------------------------------------------------------------------

    def _in_step(self) -> None:
        self._exchange(b"", lambda said: b"")

    def _exchange(self, word: bytes, combine: Callable[[list[bytes]], bytes]) -> bytes:
        """Everybody brings a word; everybody gets what worker 0 makes of them all."""
        if self.size == 1:
            return combine([word])
        try:
            if self.rank:
                send(self._steps[0], word)
                return receive(self._steps[0])
            words = [word, *(receive(self._steps[rank]) for rank in range(1, self.size))]
            answer = combine(words)
            for rank in range(1, self.size):
                send(self._steps[rank], answer)
            return answer
        except OSError:
            self._has_news.wait(NEWS)
            raise CaffeError(self._lost or "the connection between the workers broke") from None

    # -- who is gone ----------------------------------------------------------------------

    def _listen(self) -> None:
        """Notice workers that end. Runs in a thread until all have left, or one by an error."""
        with selectors.DefaultSelector() as there:
            for rank, connection in self._news.items():
                there.register(connection, selectors.EVENT_READ, rank)
            while there.get_map() and not self._closed:
                for key, _ in there.select(1.0):
                    there.unregister(key.fileobj)
                    text = _last_word(self._news[key.data])
                    if text and not self._closed:
                        # worker 0 passes on what it hears, which has a name in front already
                        named = self.rank and text.startswith("worker ")
                        self._tear(text if named else f"worker {key.data}: {text}", key.data)
                        return

    def _tear(self, text: str, of: int) -> None:
        """A worker has ended by an error: pass it on to the others, and end every wait here."""
        if self._lost is None:
            self._lost = text
            self._spread(text.encode(), of)
        self._has_news.set()
        for connection in self._steps.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for call in tuple(self.on_lost):
            call()

    def _spread(self, message: bytes, but: int | None) -> None:
        for rank, connection in self._news.items():
            if rank != but:
                with contextlib.suppress(OSError):
                    send(connection, message)

    # -- coming together ------------------------------------------------------------------

    def _meet(self, uid: str, check: Check) -> None:
        if not hasattr(socket, "AF_UNIX"):
            raise DeviceError("this system has no sockets for several workers on one machine",
                              fix="Start them by mpirun.")
        path = os.path.join(tempfile.gettempdir(), uid)
        until = time.monotonic() + WAIT
        if self.rank:
            for kind, found in ((b"step", self._steps), (b"news", self._news)):
                found[0] = self._knock(path, kind, until, check)
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.bind(path)
            try:
                door.listen(2 * self.size)
                door.settimeout(GLANCE)
                while len(self._steps) + len(self._news) < 2 * (self.size - 1):
                    check()
                    self._admit(door)
                    if time.monotonic() > until:
                        raise CaffeError(
                            f"not all workers came within {WAIT:g} seconds",
                            found=f"{len(self._news) + 1} of {self.size}")
            finally:
                os.unlink(path)

    def _admit(self, door: socket.socket) -> None:
        try:
            connection, _ = door.accept()
        except TimeoutError:
            return
        connection.settimeout(None)
        kind, rank, size = HELLO.unpack(_exactly(connection, HELLO.size))
        if size != self.size:
            connection.close()
            raise CaffeError("the workers differ about how many they are",
                             found=f"{size} and {self.size}")
        (self._steps if kind == b"step" else self._news)[rank] = connection

    def _knock(self, path: str, kind: bytes, until: float, check: Check) -> socket.socket:
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.connect(path)
                connection.sendall(HELLO.pack(kind, self.rank, self.size))
                return connection
            except OSError:
                connection.close()
                check()
                if self._steps:
                    raise CaffeError("worker 0 has left while the others came") from None
                if time.monotonic() > until:
                    raise CaffeError(f"worker 0 did not come within {WAIT:g} seconds") from None
                time.sleep(GLANCE / 10)

    def _share_memory(self) -> None:
        """One file that all map and nobody finds afterwards: room for each, and the common one."""
        total = ROOM * (self.size + 1)
        if self.size == 1:
            self._memory = mmap.mmap(-1, total)
            return
        path, handle = _make_file(total) if self.root else ("", -1)
        try:
            path = self.broadcast_bytes(path.encode()).decode()
            if not self.root:
                handle = os.open(path, os.O_RDWR)
            self._memory = mmap.mmap(handle, total)
            self._in_step()
        finally:
            if handle >= 0:
                os.close(handle)
            if self.root:
                os.unlink(path)

    def _room(self, which: int, dtype: Any) -> Array:
        return np.frombuffer(self._memory, dtype, ROOM // dtype.itemsize, which * ROOM)


def _make_file(nbytes: int) -> tuple[str, int]:
    """A file with so much room, reserved: memory that runs out later would be a crash."""
    problem: OSError | None = None
    for folder in MEMORY_FOLDERS:
        try:
            handle, path = tempfile.mkstemp(prefix="caffepy-", dir=folder)
        except OSError as error:
            problem = error
            continue
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(handle, 0, nbytes)
            else:
                os.truncate(handle, nbytes)
            return path, handle
        except OSError as error:
            problem = error
            os.close(handle)
            os.unlink(path)
    raise DeviceError(f"no room for the memory that workers share: {problem}",
                      found=f"{nbytes} bytes wanted in {' or '.join(MEMORY_FOLDERS)}")


def send(connection: socket.socket, message: bytes) -> None:
    """Send a message, whole."""
    connection.sendall(HEADER.pack(len(message)) + message)


def receive(connection: socket.socket) -> bytes:
    """The next message; raises OSError if the other side is gone."""
    return _exactly(connection, HEADER.unpack(_exactly(connection, HEADER.size))[0])


def _exactly(connection: socket.socket, count: int) -> bytes:
    parts = b""
    while len(parts) < count:
        part = connection.recv(count - len(parts))
        if not part:
            raise ConnectionResetError
        parts += part
    return parts


def _last_word(connection: socket.socket) -> str:
    """Why a worker has ended; empty if all was well."""
    try:
        return receive(connection).decode(errors="replace")
    except OSError:
        return "it ended without a word: it was killed, or crashed"


def _name(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted"
    return f"{type(error).__name__}: {error}"
