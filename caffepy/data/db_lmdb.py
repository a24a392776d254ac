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
from caffepy.errors import DataError

logger = log.get(__name__)

FIRST_MAP = 1 << 20  # bytes; doubled whenever the records outgrow it


@contextmanager
def _errors(path: str) -> Iterator[None]:
    try:
        yield
    except lmdb.Error as error:
        raise DataError(f"the LMDB cannot be used: {error}", where=path) from error


def _open(path: str) -> lmdb.Environment:
    """The environment, read-only, checked for a file that was cut short."""
    try:
        env = lmdb.open(path, readonly=True, create=False, lock=True)
    except lmdb.Error as error:
        env = lmdb.open(path, readonly=True, create=False, lock=False)
        logger.info("Reading %s without its lock file: %s", path, error)
    # reading behind the end of a mapped file would kill the process
    needed = (env.info()["last_pgno"] + 1) * env.stat()["psize"]
    found = os.path.getsize(os.path.join(path, "data.mdb"))
    if found < needed:
        env.close()
        raise DataError(
            "data.mdb is cut short",
            where=path,
            found=f"{found} bytes",
            allowed=f"{needed} bytes or more",
            fix="Copy it again, or make it anew.",
        )
    env.reader_check()  # frees the slots of processes that were killed
    return env


_environments = Shared(_open)


class LmdbReader(Reader):
    """One read transaction and one cursor on the process's environment of this path."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        with _errors(path):
            env = _environments.acquire(path)
            release = weakref.finalize(self, _environments.release, os.path.realpath(path))
            try:
                self._transaction = env.begin()
            except lmdb.Error:
                release()
                raise
        self._release = release
        self._cursor = self._transaction.cursor()
        self.seek_to_first()

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
        with _errors(self.path):
            self.valid = self._cursor.first()

    def next(self) -> None:
        with _errors(self.path):
            self.valid = self.valid and self._cursor.next()

    def skip(self, count: int) -> int:
        if not self.valid or count <= 0:
            return 0
        with _errors(self.path):
            # the iterator starts with the record we stand on, so it stops one short
            passed = sum(1 for _ in islice(self._cursor.iternext(values=False), count))
            self.valid = passed == count and self._cursor.next()
        return passed

    def take(self, count: int) -> list[Record]:
        if not self.valid or count <= 0:
            return []
        with _errors(self.path):
            records = list(islice(self._cursor.iternext(), count))
            self.valid = len(records) == count and self._cursor.next()
        return records

    def close(self) -> None:
        self.valid = False
        self._cursor.close()
        self._transaction.abort()
        self._release()


class LmdbWriter(Writer):
    def _open(self) -> None:
        # a new database is synced once, before it gets its name
        with _errors(self.path):
            self._env = lmdb.open(
                self.folder, map_size=FIRST_MAP, sync=not self.new, create=self.new
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
