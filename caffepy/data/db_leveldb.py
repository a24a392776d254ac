"""LevelDB underneath the interface of db.py, with the options of the original.

A LevelDB belongs to one process at a time, also for reading; several readers in this process
share it. It has checksums, and what is damaged is an error here: by itself LevelDB leaves out the
rest of a file and goes on. Only the end of a write that was broken off is left out, with a warning.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from typing import Any

from caffepy import forks, log
from caffepy.data.db import Reader, Record, Shared, Writer
from caffepy.errors import DataError, NotFound
from caffepy.proto.paths import raw_path

logger = log.get(__name__)

OPTIONS = {"block_size": 64 << 10, "write_buffer_size": 256 << 20, "max_open_files": 100}
COUNTED = 64 << 20  # bytes of files up to which the records are counted: a fraction of a second

# a log file: blocks of pieces, each with 7 bytes of head (checksum, length, kind) in front
BLOCK, PIECE = 32 << 10, Struct("<4xHB")
BEGUN = (2, 3)  # the first and a middle piece of a write


def _plyvel() -> Any:
    try:
        import plyvel
    except ImportError as error:
        raise NotFound(
            "LevelDB needs the package plyvel, which is not installed",
            found=f"Python {sys.version_info.major}.{sys.version_info.minor}",
            fix="`pip install plyvel` where it has wheels (Python up to 3.12 on Linux and macOS), "
            "or use an LMDB: `--backend lmdb`, `backend: LMDB`.",
        ) from error
    return plyvel


@contextmanager
def _errors(path: str) -> Iterator[None]:
    plyvel = _plyvel()
    try:
        yield
    except plyvel.Error as error:
        text = error.args[0] if error.args else error
        text = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        if "lock" in text.lower():
            raise DataError(
                "the LevelDB is in use",
                where=path,
                found=text,
                fix="LevelDB admits one process at a time: end the other one, or make an LMDB, "
                "which many can read at once.",
            ) from error
        raise DataError(f"the LevelDB cannot be used: {text}", where=path) from error


def _ends_inside_a_write(log_file: Path) -> bool:
    """Whether a log file has the beginning of a last write, but not its end."""
    size, at, inside = log_file.stat().st_size, 0, False
    with open(log_file, "rb") as file:
        while at < size:
            room = BLOCK - at % BLOCK
            file.seek(at)
            head = file.read(PIECE.size)
            if room < PIECE.size:  # too little for a head: nothing
                at += room
                continue
            if len(head) < PIECE.size:
                return True
            length, kind = PIECE.unpack(head)
            if kind == length == 0:  # a file that was made longer than it is
                return inside
            at += PIECE.size + length
            inside = kind in BEGUN
    return inside or at > size


def _open(path: str) -> Any:
    # at the first opening LevelDB itself turns its log into a table and forgets what was broken off
    for log_file in sorted(Path(path).glob("*.log")):
        if _ends_inside_a_write(log_file):
            logger.warning("%s ends in the middle of a write, which is left out: who wrote it was "
                           "broken off, or the file was cut short. Make the database anew unless "
                           "you know what is missing.", log_file)
    return _plyvel().DB(raw_path(path), paranoid_checks=True, **OPTIONS)


_databases = Shared(_open)


class LeveldbReader(Reader):
    """One iterator, with checksums, on the process's handle of this path."""

    _inherited = False  # by fork

    def __init__(self, path: str) -> None:
        super().__init__(path)
        with _errors(path):
            self._database = _databases.acquire(path)
            self._release = weakref.finalize(self, _databases.release, os.path.realpath(path))
            self._cursor = self._database.raw_iterator(verify_checksums=True)
        forks.watch(self)
        self.seek_to_first()

    def after_fork_in_child(self) -> None:
        """LevelDB has a thread of its own, and locks. So it is left alone, also at the end."""
        self._inherited = True
        self._release.detach()
        forks.keep_for_ever(self._cursor)

    def _check(self) -> None:
        if self._inherited:
            raise DataError(
                "the LevelDB was opened by the process that forked this one, and admits one "
                "process at a time", where=self.path,
                fix="Make an LMDB, which many can read at once, or open it in the child alone.")

    @property
    def entries(self) -> int | None:
        """Counted, unless the files are large."""
        try:
            if sum(file.stat().st_size for file in Path(self.path).iterdir()) > COUNTED:
                return None
        except OSError:  # replaced or deleted meanwhile; the files that are open can be read on
            return None
        self._check()
        with _errors(self.path):
            return sum(1 for _ in self._database.iterator(include_value=False, fill_cache=False,
                                                          verify_checksums=True))

    @property
    def key(self) -> bytes:
        self._check()
        return self._cursor.key()

    @property
    def value(self) -> bytes:
        self._check()
        return self._cursor.value()

    def seek_to_first(self) -> None:
        self._check()
        with _errors(self.path):
            self._cursor.seek_to_first()
            self.valid = self._cursor.valid()

    def next(self) -> None:
        self._check()
        if self.valid:
            with _errors(self.path):
                self._cursor.next()
                self.valid = self._cursor.valid()

    def skip(self, count: int) -> int:
        self._check()
        passed = 0
        with _errors(self.path):
            while self.valid and passed < count:
                self._cursor.next()
                passed += 1
                self.valid = self._cursor.valid()
        return passed

    def take(self, count: int) -> list[Record]:
        self._check()
        records: list[Record] = []
        with _errors(self.path):
            while self.valid and len(records) < count:
                records.append(self._cursor.item())
                self._cursor.next()
                self.valid = self._cursor.valid()
        return records

    def keys(self) -> Iterator[bytes]:
        self._check()
        with _errors(self.path):
            yield from self._database.iterator(include_value=False, fill_cache=False,
                                               verify_checksums=True)

    def look_up(self, key: bytes) -> bytes:
        self._check()
        with _errors(self.path):
            value: bytes | None = self._database.get(key, verify_checksums=True)
        if value is None:
            raise self.stray(key)
        return value

    def close(self) -> None:
        self.valid = False
        if self._inherited:
            return
        self._cursor.close()
        self._release()


class LeveldbWriter(Writer):
    def _open(self) -> None:
        with _errors(self.path):
            self._database = _plyvel().DB(raw_path(self.folder), create_if_missing=self.new,
                                          paranoid_checks=True, **OPTIONS)

    def _write(self, records: list[Record]) -> None:
        with _errors(self.path), self._database.write_batch() as batch:
            for key, value in records:
                batch.put(key, value)

    def _flush(self) -> None:
        with _errors(self.path):
            self._database.write_batch(sync=True).write()

    def _close(self) -> None:
        self._database.close()


def open_reader(path: str) -> LeveldbReader:
    reader = LeveldbReader(path)
    logger.info("Opened leveldb %s", path)
    return reader


def open_writer(path: str, new: bool) -> LeveldbWriter:
    return LeveldbWriter(path, new)
