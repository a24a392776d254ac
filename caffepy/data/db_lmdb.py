"""LMDB underneath the interface of db.py.

Any number of processes read one LMDB at once. Readers register in lock.mdb, so that a process
which appends meanwhile leaves them the pages they stand on; where that file cannot be had (a
read-only disk, some network folders) they read without it, as nobody can be writing there.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import lmdb

from caffepy import forks, log
from caffepy.data.db import Reader, Record, Shared, Writer
from caffepy.data.lmdb_pages import Pages, Stale, Walk, damaged
from caffepy.errors import DataError
from caffepy.proto.paths import raw_path

logger = log.get(__name__)

MOMENT = 0.001  # seconds
TRIES = 100  # to begin a transaction whose head no writer overwrites while it is read
SOME = 1 << 12  # keys
FIRST_MAP = 1 << 20  # bytes; doubled whenever the records outgrow it


@contextmanager
def _errors(path: str) -> Iterator[None]:
    try:
        yield
    except lmdb.Error as error:
        raise DataError(f"the LMDB cannot be used: {error}", where=path) from error


class Environment:
    """LMDB's environment of a path, read-only, and the file's pages beside it.

    Raises:
        DataError: the file cannot be right.
    """

    def __init__(self, path: str) -> None:
        while True:
            self.pages = Pages(path)
            try:
                self.env = self._open(path)
            except BaseException:
                self.pages.close()
                raise
            if self.pages.same_file():
                break
            self.close()  # the database was replaced between the two
        self.env.reader_check()  # frees the slots of processes that were killed

    def _open(self, path: str) -> lmdb.Environment:
        try:
            return lmdb.open(raw_path(path), readonly=True, create=False, lock=True)
        except lmdb.Error as error:
            env = lmdb.open(raw_path(path), readonly=True, create=False, lock=False)
            logger.info("Reading %s without its lock file: %s", path, error)
            return env

    def begin(self) -> tuple[lmdb.Transaction, Walk | None]:
        """A read transaction, and a walk through its pages."""
        for _ in range(TRIES):
            transaction = self.env.begin()
            commit = transaction.id()
            try:
                return transaction, self.pages.walk(commit)
            except Stale:
                transaction.abort()
            except BaseException:
                transaction.abort()
                raise
        raise damaged(self.pages.folder, commit & 1, f"not the head of commit {commit}")

    def close(self) -> None:
        self.env.close()
        self.pages.close()


def _park() -> None:
    _around_forks.park()


_environments = Shared(Environment, _park)


class LmdbReader(Reader):
    """One read transaction and one cursor on the process's environment of this path.

    In its first round it has each page looked at before the cursor goes there. An LMDB must not be
    open while the process forks: it is closed before, and whoever goes on opens it again.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._lock = threading.RLock()  # held by who uses the cursor, and while the process forks
        self.opening = False  # it waits for the environment, or has just got it
        self._closed = False
        self._transaction: lmdb.Transaction | None = None
        self._key: bytes | None = None  # where the cursor stood when the database was closed
        self._read: tuple[int, ...] = ()  # what the cursor last read in: file and commit
        self._walk: Walk | None = None
        self._at = 0  # the cursor's record
        self._known = 0  # so many records are in pages that were looked at
        _around_forks.readers[id(self)] = self
        try:
            self.seek_to_first()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _open(self) -> Iterator[Any]:
        """The cursor; a fork waits until the block is done."""
        with self._lock, _errors(self.path):
            if self._transaction is None:
                self._begin()
            yield self._cursor

    def _begin(self) -> None:
        if self._closed:
            raise DataError("the LMDB is closed", where=self.path)
        self.opening = True
        try:
            environment = _environments.acquire(self.path)
        finally:
            self.opening = False
        release = weakref.finalize(self, _environments.release, os.path.realpath(self.path))
        try:
            self._transaction, walk = environment.begin()
        except BaseException:
            release()
            raise
        self._release = release
        self._cursor = self._transaction.cursor()
        read = *environment.pages.identity, self._transaction.id()
        if read != self._read:
            self._read, self._walk, self._known = read, walk, 0
        elif self._walk is not None:
            self._walk.read = environment.pages.read  # it goes on where it was
        if self._key is not None:
            self.valid = self._cursor.set_range(self._key)

    def park(self) -> None:
        """Close the database until the next use. The lock is held."""
        if self._transaction is not None:
            self._key = bytes(self._cursor.key()) if self.valid else None
            self._cursor.close()
            self._transaction.abort()
            self._transaction = None
            self._release()

    def try_to_park(self) -> bool:
        """Take the lock and park, unless the lock is held by who waits for the environment."""
        while not self._lock.acquire(timeout=MOMENT):
            if self.opening:
                return False
        self.park()
        return True

    def unlock(self) -> None:
        """After ``try_to_park``."""
        self._lock.release()

    def forget_lock(self) -> None:
        """In a child: who held the lock is not there."""
        self._lock = threading.RLock()

    @property
    def entries(self) -> int:
        with self._open():
            assert self._transaction is not None
            return self._transaction.stat()["entries"]

    @property
    def key(self) -> bytes:
        with self._open() as cursor:
            key: bytes = cursor.key()
            return key

    @property
    def value(self) -> bytes:
        with self._open() as cursor:
            value: bytes = cursor.value()
            return value

    def seek_to_first(self) -> None:
        self._key = None
        with self._open() as cursor:
            self._at = 0
            self._look(0)
            self.valid = cursor.first()

    def next(self) -> None:
        if self.valid:
            with self._open() as cursor:
                self._look(1)
                self.valid = cursor.next()

    def skip(self, count: int) -> int:
        if not self.valid or count <= 0:
            return 0
        with self._open() as cursor:
            self._look(count)
            # the iterator starts with the record we stand on, so it stops one short
            passed = sum(1 for _ in islice(cursor.iternext(values=False), count))
            self.valid = passed == count and cursor.next()
        return passed

    def take(self, count: int) -> list[Record]:
        if not self.valid or count <= 0:
            return []
        with self._open() as cursor:
            self._look(count)
            records: list[Record] = list(islice(cursor.iternext(), count))
            self.valid = len(records) == count and cursor.next()
        return records

    def keys(self) -> Iterator[bytes]:
        """Some at a time, so that a fork need not wait for all of them."""
        self.seek_to_first()
        while self.valid:
            with self._open() as cursor:
                self._look(SOME)
                found = list(islice(cursor.iternext(values=False), SOME))
                self.valid = len(found) == SOME and cursor.next()
            yield from found

    def look_up(self, key: bytes) -> bytes:
        with self._open():
            assert self._transaction is not None
            self._look_at_all()
            value = self._transaction.get(key)
        if value is None:
            raise self.stray(key)
        return bytes(value)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self.valid = False
            self.park()

    def _look(self, count: int) -> None:
        """Have the pages looked at up to the record ``count`` further on, where the cursor goes."""
        self._at += count
        while self._walk is not None and self._known <= self._at:
            self._look_at_a_leaf(self._walk)

    def _look_at_all(self) -> None:
        """The same for records that are found by their keys."""
        while self._walk is not None:
            self._look_at_a_leaf(self._walk)

    def _look_at_a_leaf(self, walk: Walk) -> None:
        leaf = walk.leaf()
        self._known += leaf
        if not leaf:
            self._walk = None


class _AroundForks:
    """Closes what is read before the process forks, and lets nobody read on until that is done.

    LMDB does not bear a child: it would free, or be counted among, its parent's readers. The table
    of environments, which is asked before a fork, has all readers parked until none is open.
    """

    def __init__(self) -> None:
        # a set of weak references cannot be walked while another thread adds to it
        self.readers: weakref.WeakValueDictionary[int, LmdbReader] = weakref.WeakValueDictionary()
        self._held: list[LmdbReader] = []

    def park(self) -> None:
        """Park all readers, and hold their locks, but for those that wait to open."""
        for ref in self.readers.valuerefs():
            reader = ref()
            if reader is not None and reader not in self._held and reader.try_to_park():
                self._held.append(reader)

    def after_fork_in_parent(self) -> None:
        for reader in self._held:
            reader.unlock()
        self._held = []

    def after_fork_in_child(self) -> None:
        for ref in self.readers.valuerefs():
            if (reader := ref()) is not None:
                reader.forget_lock()
        self._held = []


_around_forks = _AroundForks()
forks.watch(_around_forks)


class LmdbWriter(Writer):
    def _open(self) -> None:
        if not self.new:
            LmdbReader(self.path).close()  # which looks at its head
        # a new database is synced once, before it gets its name
        with _errors(self.path):
            self._env = lmdb.open(
                raw_path(self.folder), map_size=FIRST_MAP, sync=not self.new, create=self.new
            )

    def _write(self, records: list[Record]) -> None:
        with _errors(self.path):
            while True:
                try:
                    with self._env.begin(write=True) as transaction:
                        transaction.cursor().putmulti(records)
                    return
                except lmdb.MapFullError:
                    size = self._env.info()["map_size"] * 2
                    logger.debug("Doubling LMDB map size to %d MB", size >> 20)
                    self._env.set_mapsize(size)

    def _flush(self) -> None:
        with _errors(self.path):
            self._env.sync(True)

    def _close(self) -> None:
        self._env.close()


def open_reader(path: str) -> LmdbReader:
    reader = LmdbReader(path)
    logger.info("Opened lmdb %s", path)
    return reader


def open_writer(path: str, new: bool) -> LmdbWriter:
    return LmdbWriter(path, new)
