"""The pages of an LMDB, looked at before the C library follows them.

LMDB trusts its file: a damaged page number or offset leads it out of the file or into an assertion,
and the process dies. ``Walk`` goes ahead of a cursor in the order of the keys and holds each page
against the format (``lmdb.h`` and ``mdb.c`` of LMDB 0.9), in an LMDB's first round only. What a
record says is not looked at: the format has no checksums.

A page begins with 16 bytes: its number, two bytes unused, its kind, and the ends of its two free
halves (or, for a value too long for a leaf, how many pages it takes). Offsets of nodes follow. A
node is 8 bytes, which hold a length or a page number, its kind and the length of its key, and then
the key and the value. Pages 0 and 1 are heads; the one of the last commit counts.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from struct import Struct, unpack_from

from caffepy.errors import DataError

MAGIC, VERSION = 0xBEEFC0DE, 1
BRANCH, LEAF, OVERFLOW, HEAD = 1, 2, 4, 8
KINDS = 0x6F  # the bits of a page's kind that count on the disk
FIXED_MAP = 1  # of the first tree's flags: the file wants an address of its own
LONG, TREE = 1, 2  # kinds of nodes: the value has pages of its own; it describes another tree
REVERSED_KEYS, NUMBER_KEYS = 2, 8  # kinds of trees that are read like any other
NO_ROOT = (1 << 64) - 1
PAGE_SIZES = [1 << i for i in range(8, 17)]
DEEPEST = 32

PAGE = Struct("=Q2xHHH")  # number, kind, ends of the free room
PAGES = Struct("=Q2xHI")  # the same of a long value: number, kind, pages
NODE = Struct("=HHHH")  # length of the value in two halves, kind, length of the key
NUMBER = Struct("=Q")
START = Struct("=Q2xHHHII")  # page 0 to its magic number and version
FIRST_TREE = Struct("=IH")  # the page size, flags
TREE_AT = Struct("=4xHHQQQQQ")  # flags, depth, branches, leaves, long pages, records, root
LAST = Struct("=QQ")  # the last page's number, the commit's number
TREES = 16 + 24, 16 + 24 + 48  # where in a head the two trees are; the second holds the records
LAST_AT = 16 + 24 + 96
HEAD_BYTES = LAST_AT + 16


class Pages:
    """The file of an LMDB, open for as long as its environment is.

    Args:
        folder: the database.

    Raises:
        DataError: the heads cannot be right.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.lock = threading.Lock()
        self.file = os.open(os.path.join(folder, "data.mdb"), os.O_RDONLY | getattr(
            os, "O_BINARY", 0))
        try:
            self.size = self._page_size()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        os.close(self.file)

    def read(self, at: int, count: int) -> bytes:
        """Bytes of the file; read and not mapped, so that they take no room of the process."""
        if hasattr(os, "pread"):
            data = os.pread(self.file, count, at)
        else:
            with self.lock:
                os.lseek(self.file, at, os.SEEK_SET)
                data = os.read(self.file, count)
        if len(data) < count:
            raise cut_short(self.folder, at + len(data), at + count)
        return data

    @property
    def identity(self) -> tuple[int, int]:
        """By which the file is known among all."""
        about = os.fstat(self.file)
        return about.st_dev, about.st_ino

    def same_file(self) -> bool:
        """Whether the name still means the file that was opened."""
        return os.path.samestat(os.fstat(self.file),
                                os.stat(os.path.join(self.folder, "data.mdb")))

    def walk(self, commit: int) -> Walk | None:
        """A walk through the records as of a commit; None where it cannot be told how to."""
        return Walk(self, commit) if self.size else None

    def _page_size(self) -> int:
        """Bytes of a page; 0 for another format or machine, which are left to the library."""
        if sys.byteorder != "little" or sys.maxsize < 1 << 32:
            return 0
        head = self.read(0, HEAD_BYTES)
        *_, kind, _, _, magic, version = START.unpack_from(head)
        if not kind & HEAD or magic != MAGIC or version != VERSION:
            return 0
        size, flags = FIRST_TREE.unpack_from(head, TREES[0])
        if size not in PAGE_SIZES or flags & FIXED_MAP:
            raise damaged(self.folder, 0, f"pages of {size} bytes, flags {flags:#x}")
        head = self.read(size, HEAD_BYTES)
        *_, kind, _, _, magic, version = START.unpack_from(head)
        there = FIRST_TREE.unpack_from(head, TREES[0])
        if not kind & HEAD or (magic, version) != (MAGIC, VERSION) or there != (size, flags):
            raise damaged(self.folder, 1, "a head unlike that of page 0")
        return size


class Walk:
    """Goes through the pages that lead to the records, in the order of the keys.

    Args:
        pages: the file.
        commit: the number of the commit whose records are to be read.

    Raises:
        DataError: the file is shorter than its head says; ``Stale`` if the head is of a later
            commit.
    """

    def __init__(self, pages: Pages, commit: int) -> None:
        self.folder, self.size, self.read = pages.folder, pages.size, pages.read
        head = self.read((commit & 1) * self.size, HEAD_BYTES)
        self.last, found = LAST.unpack_from(head, LAST_AT)
        tree = TREE_AT.unpack_from(head, TREES[1])
        if found != commit:
            raise Stale
        length = os.fstat(pages.file).st_size
        if length < (self.last + 1) * self.size:
            raise cut_short(self.folder, length, (self.last + 1) * self.size)
        flags, depth, _, self.leaves, _, self.records, root = tree
        empty = root == NO_ROOT
        if flags & ~(REVERSED_KEYS | NUMBER_KEYS) or depth > DEEPEST or empty != (depth == 0):
            raise damaged(self.folder, commit & 1,
                          f"a tree of kind {flags:#x}, {depth} deep, of root {root}")
        self._counts = iter(()) if empty else self._below(root, depth)
        self._seen = [0, 0]  # leaves, records
        self._error: DataError | None = None

    def leaf(self) -> int:
        """Look at the next leaf and the pages on the way to it and behind it.

        Returns:
            how many records it has; 0 when there is no further leaf.

        Raises:
            DataError: something there cannot be right; again at every later call.
        """
        if self._error is None:
            try:
                count = next(self._counts, 0)
                self._seen[0] += count > 0
                self._seen[1] += count
                if self._seen[0] > min(self.leaves, self.last) \
                        or not count and self._seen[1] != self.records:
                    raise DataError(
                        "the LMDB is damaged: its head does not fit its pages", where=self.folder,
                        found=f"{self._seen[1]} records in {self._seen[0]} leaves",
                        allowed=f"{self.records} in {self.leaves}", fix=ADVICE)
                return count
            except DataError as error:
                self._error = error
        raise self._error

    def _below(self, page: int, depth: int) -> Iterator[int]:
        """The numbers of records of the leaves below a page."""
        if depth == 1:
            yield self._leaf(page)
            return
        data, nodes = self._nodes(page, BRANCH)
        for at in nodes:
            low, middle, high, _ = NODE.unpack_from(data, at)
            yield from self._below(low | middle << 16 | high << 32, depth - 1)

    def _leaf(self, page: int) -> int:
        data, nodes = self._nodes(page, LEAF)
        for at in nodes:
            low, high, kind, key = NODE.unpack_from(data, at)
            length = low | high << 16
            stored = NUMBER.size if kind & LONG else length
            if kind & ~(LONG | TREE) or not key or at + NODE.size + key + stored > self.size:
                raise damaged(self.folder, page, f"a record of kind {kind:#x}, {key} and {length} "
                                                 f"bytes at offset {at}")
            if kind & LONG:
                self._long(NUMBER.unpack_from(data, at + NODE.size + key)[0], length)
        return len(nodes)

    def _nodes(self, page: int, kind: int) -> tuple[bytes, tuple[int, ...]]:
        """A page, and where its nodes are in it."""
        data = self.read(self._start(page), self.size)
        number, found, low, high = PAGE.unpack_from(data)
        count = (low - PAGE.size) >> 1
        if number != page or found & KINDS != kind or not low <= high <= self.size \
                or count < (2 if kind == BRANCH else 1):
            raise damaged(self.folder, page,
                          f"page {number} of kind {found:#x}, {max(count, 0)} nodes")
        nodes = unpack_from(f"={count}H", data, PAGE.size)
        if min(nodes) < high or max(nodes) > self.size - NODE.size:
            raise damaged(self.folder, page, "a node outside it")
        return data, nodes

    def _long(self, page: int, length: int) -> None:
        """The pages of a long value."""
        number, kind, count = PAGES.unpack(self.read(self._start(page), PAGES.size))
        if number != page or kind & KINDS != OVERFLOW or page + count > self.last + 1 \
                or count * self.size < length + PAGES.size:
            raise damaged(self.folder, page, f"{count} pages of kind {kind:#x}, numbered {number}, "
                                             f"for a value of {length} bytes")

    def _start(self, page: int) -> int:
        if not 2 <= page <= self.last:
            raise damaged(self.folder, page, f"{self.last + 1} pages")
        return page * self.size


class Stale(Exception):
    """A writer has committed twice since the transaction began: its head is gone."""


ADVICE = "Copy it again, or make it anew."


def damaged(folder: str, page: int, found: str) -> DataError:
    return DataError(f"the LMDB is damaged: page {page} of data.mdb cannot be right",
                     where=folder, found=found, fix=ADVICE)


def cut_short(folder: str, found: int, needed: int) -> DataError:
    return DataError("data.mdb is cut short", where=folder, found=f"{found} bytes",
                     allowed=f"{needed} bytes or more", fix=ADVICE)
