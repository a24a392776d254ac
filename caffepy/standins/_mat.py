"""MATLAB's files of version 5 (``save -v6`` and ``-v7``), as data sets keep their labels in them.

After 128 bytes, elements of a type, a length and that many bytes, filled up to 8 (MathWorks,
"MAT-File Format"). Numbers, structures and cells are read, text and sparse matrices passed over.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from caffepy.errors import DataError, NotFound

STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8",
          13: "u8", 16: "u1"}
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8",
           15: "u8"}
MATRIX, COMPRESSED = 14, 15
CELL, STRUCTURE = 1, 2


def read(path: str) -> dict[str, Any]:
    """The variables of a file by name: arrays; structures of one element as dictionaries, of more
    as lists of such; cells as lists.

    Raises:
        NotFound: no such file. DataError: it is no such file, or damaged.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise NotFound("there is no such MATLAB file", where=path) from None
    if data[:8] == b"\x89HDF\r\n\x1a\n" or data[512:520] == b"\x89HDF\r\n\x1a\n":
        raise DataError("a MATLAB file of version 7.3 cannot be read", where=path,
                        fix="Load it in MATLAB and save it with -v7.")
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise DataError("this is no MATLAB file", where=path, found=repr(data[:16]))
    try:
        return dict(_Reader(order).variables(data[128:]))
    except (zlib.error, struct.error, ValueError, KeyError, IndexError) as error:
        raise DataError("the MATLAB file is damaged", where=path, found=str(error)) from error


class _Reader:
    """``order``: "<" or ">", which end of a number comes first."""

    def __init__(self, order: str) -> None:
        self.order = order

    def variables(self, data: bytes) -> Iterator[tuple[str, Any]]:
        for kind, content in self._elements(data):
            if kind == COMPRESSED:
                yield from self.variables(zlib.decompress(content))
            elif kind == MATRIX:
                yield self._matrix(content)

    def _elements(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        at = 0
        while at + 8 <= len(data):
            kind, size = struct.unpack_from(f"{self.order}II", data, at)
            start, after = at + 8, at + 8 + (size if kind == COMPRESSED else -(-size // 8) * 8)
            if kind >> 16:  # a small one: its bytes stand where the length would
                kind, size, start, after = kind & 0xFFFF, kind >> 16, at + 4, at + 8
            if start + size > len(data):
                raise ValueError(f"of an element's {size} bytes {len(data) - start} are there")
            yield kind, data[start : start + size]
            at = after

    def _numbers(self, element: tuple[int, bytes]) -> np.ndarray:
        return np.frombuffer(element[1], f"{self.order}{STORED[element[0]]}")

    def _matrix(self, content: bytes) -> tuple[str, Any]:
        """Name and value."""
        elements = list(self._elements(content))
        if not elements:
            return "", np.zeros((0, 0))
        flags, shape = self._numbers(elements[0]), tuple(self._numbers(elements[1]))
        name, rest = elements[2][1].decode("latin1"), elements[3:]
        kind = int(flags[0]) & 0xFF
        if kind in CLASSES:
            values = self._numbers(rest[0]).astype(CLASSES[kind])
            return name, values.reshape(shape, order="F")
        if kind == CELL:
            return name, [self._matrix(item)[1] for _, item in rest]
        if kind != STRUCTURE:
            return name, None
        width = int(self._numbers(rest[0])[0])
        fields = [rest[1][1][i : i + width].split(b"\0")[0].decode("latin1")
                  for i in range(0, len(rest[1][1]), width)]
        parts = [self._matrix(item)[1] for _, item in rest[2:]]
        rows = [dict(zip(fields, parts[i : i + len(fields)], strict=True))
                for i in range(0, len(parts), len(fields))]
        return name, rows[0] if len(rows) == 1 else rows
