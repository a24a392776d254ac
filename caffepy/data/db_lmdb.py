"""LMDB underneath the interface of db.py.

Any number of processes read one LMDB at once. Readers register in lock.mdb, so that a process
which appends meanwhile leaves them the pages they stand on; where that file cannot be had (a
read-only disk, some network folders) they read without it, as nobody can be writing there.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import lmdb

from caffepy import log
from caffepy.data.db import Reader, Record, Shared, Writer
from caffepy.data.lmdb_pages import Pages, Stale, Walk, damaged
from caffepy.errors import DataError
from caffepy.proto.paths import raw_path

logger = log.get(__name__)

TRIES = 100  # to begin a transaction whose head no writer overwrites while it is read
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


_environments = Shared(Environment)


class LmdbReader(Reader):
    """One read transaction and one cursor on the process's environment of this path.

    In its first round it has each page looked at before the cursor goes there.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        with _errors(path):
            environment = _environments.acquire(path)
            release = weakref.finalize(self, _environments.release, os.path.realpath(path))
            try:
                self._transaction, self._walk = environment.begin()
            except BaseException:
                release()
                raise
        self._release = release
        self._cursor = self._transaction.cursor()
        self._at = 0  # the cursor's record
        self._known = 0  # so many records are in pages that were looked at
        try:
            self.seek_to_first()
        except BaseException:
            self.close()
            raise

    @property
    def entries(self) -> int:
        return self._transaction.stat()["entries"]

    @property
    def key(self) -> bytes:
        return self._cursor.key()

    @property
    def value(self) -> bytes:
        return self._cursor.value()

    def seek_to_first(self) -> None:
        self._at = 0
        self._look(0)
        with _errors(self.path):
            self.valid = self._cursor.first()

    def next(self) -> None:
        if self.valid:
            self._look(1)
            with _errors(self.path):
                self.valid = self._cursor.next()

    def skip(self, count: int) -> int:
        if not self.valid or count <= 0:
            return 0
        self._look(count)
        with _errors(self.path):
            # the iterator starts with the record we stand on, so it stops one short
            passed = sum(1 for _ in islice(self._cursor.iternext(values=False), count))
            self.valid = passed == count and self._cursor.next()
        return passed

    def take(self, count: int) -> list[Record]:
        if not self.valid or count <= 0:
            return []
        self._look(count)
        with _errors(self.path):
            records = list(islice(self._cursor.iternext(), count))
            self.valid = len(records) == count and self._cursor.next()
        return records

    def close(self) -> None:
        self.valid = False
        self._cursor.close()
        self._transaction.abort()
        self._release()

    def _look(self, count: int) -> None:
        """Have the pages looked at up to the record ``count`` further on, where the cursor goes."""
        self._at += count
        while self._walk is not None and self._known <= self._at:
            leaf = self._walk.leaf()
            self._known += leaf
            if not leaf:
                self._walk = None


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
