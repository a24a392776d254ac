"""Databases of records, LMDB and LevelDB, behind one small interface.

    with open_db("data/mnist/mnist_train_lmdb", "lmdb") as db:      # read
        for key, value in db: ...
    with new_db("train_lmdb", "lmdb") as db:                        # write
        db.put(b"00000000", datum.SerializeToString())

A reader is also a cursor: it stands on one record and walks in the order of the keys. Several
readers of one path, in several threads too, share what lies underneath, since neither library
lets a process open a database twice. A new database is written beside its place and renamed when
it is complete, so that a run that was broken off leaves no half database under the name.
"""

from __future__ import annotations

import os
import shutil
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Literal, overload

from caffepy import forks
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound, did_you_mean
from caffepy.proto import caffe_pb2, original_tree
from caffepy.proto.files import beside, put_in_place

Record = tuple[bytes, bytes]  # key, value

# the file by which each kind of database is known in its folder
MARKS = {"lmdb": "data.mdb", "leveldb": "CURRENT"}
COMMIT_EVERY = 1000  # records, as the original's tools
COMMIT_BYTES = 64 << 20  # or this much, so that large pictures do not pile up in memory


class Reader(ABC):
    """A database opened for reading, standing on one record (the first after opening)."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.valid = False  # False once the cursor has gone past the last record

    @property
    @abstractmethod
    def entries(self) -> int | None:
        """How many records there are, or None where only a long walk through them would tell."""

    @property
    @abstractmethod
    def key(self) -> bytes: ...

    @property
    @abstractmethod
    def value(self) -> bytes: ...

    @abstractmethod
    def seek_to_first(self) -> None: ...

    @abstractmethod
    def next(self) -> None:
        """Go one record on; ``valid`` turns False behind the last one."""

    @abstractmethod
    def skip(self, count: int) -> int:
        """Go ``count`` records on; returns how many there were to pass."""

    @abstractmethod
    def take(self, count: int) -> list[Record]:
        """The next ``count`` records, fewer at the end, and go past them."""

    @abstractmethod
    def keys(self) -> Iterator[bytes]:
        """The keys of all records, in order; where the cursor stands then is not said."""

    @abstractmethod
    def look_up(self, key: bytes) -> bytes:
        """The value of a key; the cursor stays. Raises ``stray`` if there is none."""

    def stray(self, key: bytes) -> DataError:
        """The error of a key that is gone."""
        return DataError(f"there is no record {key.decode(errors='backslashreplace')!r} any more",
                         where=self.path, fix="The database was changed while it was read: "
                         "start again.")

    @abstractmethod
    def close(self) -> None: ...

    def __iter__(self) -> Iterator[Record]:
        self.seek_to_first()
        while self.valid:
            yield from self.take(64)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Writer(ABC):
    """A database opened for writing; records are committed a thousand at a time.

    With ``new`` the records go into ``folder``, a temporary one, which ``close`` renames to
    ``path``. Leaving a ``with`` block by an exception drops all that was written (``new``), or
    what was not yet committed (append).
    """

    def __init__(self, path: str, new: bool) -> None:
        self.path = path
        self.new = new
        self.folder = beside(path) if new else path
        self.count = 0
        self._pending: list[Record] = []
        self._bytes = 0
        self._process = os.getpid()
        forks.watch(self)
        if new:
            os.mkdir(self.folder)
        try:
            self._open()
        except BaseException:
            self._drop()
            raise

    @abstractmethod
    def _open(self) -> None: ...

    @abstractmethod
    def _write(self, records: list[Record]) -> None:
        """Store the records, all or none of them."""

    @abstractmethod
    def _flush(self) -> None:
        """Bring what was written to the disk."""

    @abstractmethod
    def _close(self) -> None:
        """Let go of the database underneath; doing so twice does no harm."""

    def after_fork_in_child(self) -> None:
        """Nothing of it may be written, not even by what happens when it is freed."""
        for part in vars(self).values():
            forks.keep_for_ever(part)

    @property
    def _inherited(self) -> bool:
        """Whether it is that of the process which forked this one."""
        return os.getpid() != self._process

    def put(self, key: bytes, value: bytes) -> None:
        """Store a record; an older one with the same key is replaced."""
        self._check_ours()
        self._pending.append((key, value))
        self._bytes += len(value)
        self.count += 1
        if len(self._pending) >= COMMIT_EVERY or self._bytes >= COMMIT_BYTES:
            self.commit()

    def commit(self) -> None:
        self._check_ours()
        if self._pending:
            self._write(self._pending)
        self._pending, self._bytes = [], 0

    def _check_ours(self) -> None:
        if self._inherited:
            raise CaffeError("a database that is written cannot be shared with a forked process",
                             where=self.path, fix="Open it in the process that writes it.")

    def close(self) -> None:
        """Commit the rest; a new database appears under its name now. All or nothing."""
        if self._inherited:
            return
        try:
            self.commit()
            self._flush()
            self._close()
            if self.new:
                if os.path.lexists(self.path):
                    raise _exists(self.path)
                put_in_place(self.folder, self.path)
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Drop what was not committed, and a new database altogether."""
        if self._inherited:
            return
        self._close()
        self._drop()

    def _drop(self) -> None:
        if self.new:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


class Shared:
    """Handles that a process may open only once: by real path, with a count of their users.

    The one table of the process here is not ours to choose: both libraries keep one.

    Args:
        open_handle: opens the handle of a path.
        give_back: has those who use handles give them back until they are used again, if no handle
            may be open while the process forks. Who waits for one here may be passed over.
    """

    def __init__(self, open_handle: Callable[[str], Any],
                 give_back: Callable[[], None] | None = None) -> None:
        self._open = open_handle
        self._give_back = give_back
        self._lock = threading.Lock()
        self._handles: dict[str, tuple[Any, int]] = {}
        self._given_back: deque[str] = deque()
        forks.watch(self)

    def before_fork(self) -> None:
        """No other thread is in the middle of anything here while the process forks, and nobody
        gets a handle until that is done."""
        self._lock.acquire()
        try:
            self._settle()
            while self._give_back and self._handles:
                self._give_back()
                self._settle()
        except BaseException:
            self._lock.release()
            raise

    def after_fork_in_parent(self) -> None:
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """What is open is the parent's, and stays as it is."""
        for handle, _ in self._handles.values():
            forks.keep_for_ever(handle)
        self._handles.clear()
        self._given_back.clear()
        self._lock.release()

    def acquire(self, path: str) -> Any:
        real = os.path.realpath(path)
        try:
            with self._lock:
                self._settle()
                handle, users = self._handles.get(real) or (self._open(path), 0)
                self._handles[real] = handle, users + 1
        finally:
            self._settle_unless_busy()
        return handle

    def release(self, path: str) -> None:
        """Give one use back; the last one closes the handle. ``path`` is the real one.

        It never waits: the garbage collector calls this for readers that were forgotten, at any
        time, so also in the middle of this thread's ``acquire``. Who holds the lock then closes
        the handle when done.
        """
        self._given_back.append(path)
        self._settle_unless_busy()

    def _settle_unless_busy(self) -> None:
        # in a loop: what was given back while this held the lock, others have left to this
        while self._given_back and self._lock.acquire(blocking=False):
            try:
                self._settle()
            finally:
                self._lock.release()

    def _settle(self) -> None:
        """Take what was given back off the counts, and close what nobody uses. The lock is held."""
        while self._given_back:
            path = self._given_back.popleft()
            handle, users = self._handles.pop(path)
            if users > 1:
                self._handles[path] = handle, users - 1
            else:
                handle.close()


def backend_name(backend: str | int) -> str:
    """ "lmdb" or "leveldb" from either spelling, or from the enum of DataParameter."""
    given = caffe_pb2.DataParameter.DB.Name(backend) if isinstance(backend, int) else backend
    name = given.lower()
    if name not in MARKS:
        raise ConfigError(
            "unknown database backend",
            found=given,
            allowed="lmdb, leveldb",
            fix=did_you_mean(name, MARKS),
        )
    return name


def _exists(path: str) -> DataError:
    return DataError(
        "a new database cannot be written, the name is taken",
        where=path,
        fix="Remove what lies there, or choose another name.",
    )


def _check_there(path: str, backend: str) -> None:
    """Errors that teach, for a path that holds no database of this kind."""
    if not os.path.exists(path):
        hint = "" if os.path.isabs(path) else f" The path starts from {os.getcwd()}."
        raise NotFound(
            "there is no such database",
            where=path,
            fix=original_tree.advice(path)
            or f"Make it first (for MNIST by scripts/create_mnist.sh), or mend the path.{hint}",
        )
    if not os.path.isdir(path):
        raise DataError(
            "a database is a folder",
            where=path,
            found="a file",
            fix="Name the folder that holds the file." if path.endswith(".mdb") else None,
        )
    found = [name for name, mark in MARKS.items() if os.path.exists(os.path.join(path, mark))]
    if not found:
        raise DataError(f"this folder is not a database: it holds no {MARKS[backend]}", where=path)
    if backend not in found:
        names = {"lmdb": "an LMDB", "leveldb": "a LevelDB"}
        raise DataError(
            f"this folder holds {names[found[0]]}, not {names[backend]}",
            where=path,
            fix=f"Set backend: {found[0].upper()}.",
        )


def _module(backend: str) -> Any:
    """The backend's module, found at first use: nobody pays for the library not used."""
    return import_module(f"caffepy.data.db_{backend}")


@overload
def open_db(path: str, backend: str | int, mode: Literal["read"] = ...) -> Reader: ...
@overload
def open_db(path: str, backend: str | int, mode: Literal["new", "append"]) -> Writer: ...
def open_db(path: str, backend: str | int, mode: str = "read") -> Reader | Writer:
    """Open a database.

    Args:
        path: its folder.
        backend: "lmdb", "leveldb" or DataParameter's enum.
        mode: "read"; "new" (refuses a name that is taken) or "append".

    Raises:
        NotFound: no such path. DataError: not a database of this kind, or it cannot be used.
    """
    name = backend_name(backend)
    path = os.fspath(path).rstrip("/") or "/"
    if mode == "new":
        if os.path.lexists(path):
            raise _exists(path)
        folder = os.path.dirname(os.path.abspath(path))
        if not os.path.isdir(folder):
            raise NotFound(f"there is no folder {folder} to write into", where=path)
        return _module(name).open_writer(path, new=True)
    if mode not in ("read", "append"):
        raise CaffeError("unknown mode", found=mode, allowed="read, new, append")
    _check_there(path, name)
    module = _module(name)
    return module.open_reader(path) if mode == "read" else module.open_writer(path, new=False)


def new_db(path: str, backend: str | int) -> Writer:
    """A new database, for ``with new_db(...) as db``: complete under its name, or not there."""
    return open_db(path, backend, "new")
