"""Which databases, lists and HDF5 files lie in the folders of a board, and what their labels are
called."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from caffepy.board.data.record import Record
from caffepy.board.data.rows import Rows
from caffepy.board.data.stores import Database, PictureList, Store
from caffepy.board.keeping import Kept
from caffepy.board.shelf import Found, Shelf
from caffepy.data.db import MARKS
from caffepy.errors import CaffeError, NotFound
from caffepy.services import class_names, folders

KINDS = {"lmdb": "LMDB", "leveldb": "LevelDB", "list": "list of pictures", "hdf5": "HDF5 file"}
MOST_LIST = 64 << 20  # bytes of a list
HDF5 = (".h5", ".hdf5")
NO_DATA = (".caffemodel.h5", ".solverstate.h5")
HEAD = 4096  # bytes of a list that tell whether it is one


@dataclass(frozen=True)
class Source:
    """A database's folder, a list, or an HDF5 file.

    Attributes:
        kind: a key of KINDS.
        bytes: of its files.
        root: of a list: the folder that its paths start from.
    """

    name: str
    path: Path
    kind: str
    bytes: int
    root: str = ""

    @property
    def words(self) -> str:
        """What it is."""
        return KINDS[self.kind]


class Sources:
    """Those of a board; see ``Ask.one``."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._looked: Kept[Source | None] = Kept(2000)
        self._stores: Kept[Store] = Kept(8)

    def all(self) -> list[Source]:
        """By name."""
        return [source for found in self._shelf.walk() if (source := self._of(found))]

    def means(self) -> list[Found]:
        """Mean pictures."""
        return [found for found in self._shelf.walk() if found.name.endswith(".binaryproto")]

    def get(self, name: str) -> Source:
        """The source of a name.

        Raises:
            NotFound: there is none.
        """
        try:
            path = self._shelf.folder(name)
        except NotFound:
            path = self._shelf.file(name)
            source = self._of(_told(name, path))
        else:
            marks = [path / mark for mark in MARKS.values() if (path / mark).is_file()]
            for mark in marks:
                self._shelf.admit(mark)
            source = self._of(_told(f"{name}/{marks[0].name}", marks[0])) if marks else None
        if source is None:
            raise NotFound("this is no database, no list of pictures and no HDF5 file of data",
                           where=name)
        return source

    def store(self, source: Source) -> Store:
        """The records of a source.

        Raises:
            CaffeError: they cannot be read.
        """
        path = str(source.path)
        if source.kind in ("lmdb", "leveldb"):
            return Database(path, source.kind)
        make = partial(PictureList, path, self._shelf, source.root) if source.kind == "list" else (
            partial(Rows, path))
        return self._stores.get(source.name, make, path)

    def record(self, source: Source, number: int) -> Record:
        """One record.

        Raises:
            NotFound: there is none of this number. CaffeError: they cannot be read.
        """
        for record in self.store(source).take([number]):
            return record
        raise NotFound("there is no such record", where=f"{source.name}, record {number}")

    def _of(self, found: Found) -> Source | None:
        base = found.path.name
        if base == "data.mdb":
            return Source(found.name.rpartition("/")[0], found.path.parent, "lmdb", found.size)
        if base == "CURRENT" and any(found.path.parent.glob("MANIFEST-*")):
            size = sum(entry.stat().st_size for entry in os.scandir(found.path.parent))
            return Source(found.name.rpartition("/")[0], found.path.parent, "leveldb", size)
        if base.endswith(HDF5) and not base.endswith(NO_DATA) or (
                base.endswith(".txt") and found.size <= MOST_LIST):
            return self._looked.get(found.name, partial(self._look, found), found.path)
        return None

    def _look(self, found: Found) -> Source | None:
        if found.path.suffix in HDF5:
            try:
                Rows(str(found.path))
            except CaffeError:
                return None
            return Source(found.name, found.path, "hdf5", found.size)
        root = self._root_of(found.path)
        return None if root is None else Source(found.name, found.path, "list", found.size, root)

    def _root_of(self, path: Path) -> str | None:
        """The folder that a list's paths start from; None if it is no list of pictures."""
        try:
            with open(path, "rb") as file:
                head = file.read(HEAD)
        except OSError:
            return None
        first = os.fsdecode(head.partition(b"\n")[0]).strip()
        if not first or "\0" in first:
            return None
        name = first.rsplit(None, 1)[0]
        for root in ("", str(path.parent), str(path.parent.parent)):
            whole = os.path.join(root, name)
            if os.path.isfile(whole) and self._shelf.name(whole) and folders.is_picture(whole):
                return root
        return None


def _told(name: str, path: Path) -> Found:
    about = path.stat()
    return Found(name, path, about.st_size, about.st_mtime)


def names_of(source: Source, shelf: Shelf) -> dict[int, str]:
    """What the labels of a source are called: by labels.txt or a label map beside it."""
    for path in _files_of_names(source.path):
        try:
            shelf.admit(path)
            return class_names.read(path, for_people=True)
        except CaffeError:
            continue
    return {}


def _files_of_names(path: Path) -> Iterator[str]:
    yield folders.names_file(str(path))
    for folder in (path, path.parent):
        if folder.is_dir():
            yield from map(str, sorted(folder.glob("labelmap*.prototxt")))
