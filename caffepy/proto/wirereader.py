"""Protobuf's wire format, read from bytes where they lie: fields with their places.

Every length is checked against what is there before anything is allocated, and every error names
the file and the byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from caffepy.errors import DataError
from caffepy.proto.varint import FIXED32, FIXED64, LENGTH, VARINT, read_varint

GROUP, END_GROUP = 3, 4
FIXED = {FIXED32: 4, FIXED64: 8}
MOST_NUMBER = (1 << 29) - 1
RUN = 1 << 16  # values looked at together in a run of unpacked ones


@dataclass(frozen=True)
class Region:
    """The bytes of one message in a file.

    Attributes:
        data: the whole file.
        path: its name, for errors.
        start, end: where the message lies.
        lent: whether arrays are views of ``data``, not to be written and perhaps not aligned;
            else they are copies.
    """

    data: memoryview
    path: str
    start: int
    end: int
    lent: bool = False

    @classmethod
    def whole(cls, data: memoryview, path: str, lent: bool = False) -> Region:
        return cls(data, path, 0, len(data), lent)

    def fail(self, message: str, at: int) -> NoReturn:
        raise DataError(
            message, where=f"{self.path}: byte {at}", fix="The file is damaged or cut short."
        )

    def fields(self) -> Iterator[Field]:
        """The fields one after the other."""
        at = self.start
        while at < self.end:
            field = self.field_at(at)
            at = field.end
            yield field

    def field_at(self, at: int) -> Field:
        """The field that begins at a place. A group (Caffe has none) is one field with all in it.

        Raises:
            DataError: no field begins there, or it reaches beyond the region.
        """
        field = self._any_field_at(at)
        if field.wire == END_GROUP:
            self.fail(f"group {field.number} ends and did not begin", at)
        return replace(field, end=self._after_group(field)) if field.wire == GROUP else field

    def _any_field_at(self, at: int) -> Field:
        tag, value_at = self.varint_at(at)
        wire, number = tag & 7, tag >> 3
        if not 0 < number <= MOST_NUMBER or wire > FIXED32:
            self.fail(f"no field begins like this (number {number}, wire type {wire})", at)
        value = 0
        if wire in FIXED:
            end = value_at + FIXED[wire]
        elif wire in (VARINT, LENGTH):
            value, end = self.varint_at(value_at)
            if wire == LENGTH:
                value_at, end = end, end + value
        else:
            end = value_at
        if end > self.end:
            needed = end - value_at
            self.fail(f"field {number} wants {needed} bytes, {self.end - value_at} are left", at)
        return Field(self, number, wire, at, value_at, end, value)

    def varint_at(self, at: int) -> tuple[int, int]:
        """A varint and the place after it."""
        return read_varint(self.data, at, self.end) or self.fail("a number does not end", at)

    def _after_group(self, field: Field) -> int:
        depth, at = 1, field.end
        while depth:
            if at >= self.end:
                self.fail(f"group {field.number} does not end", field.start)
            inner = self._any_field_at(at)
            depth += {GROUP: 1, END_GROUP: -1}.get(inner.wire, 0)
            at = inner.end
        return at

    def bytes(self) -> memoryview:
        return self.data[self.start : self.end]

    def text(self) -> str:
        return bytes(self.bytes()).decode("utf-8", "backslashreplace")

    def array(self, dtype: str) -> NDArray[Any]:
        """The bytes as values of a (little-endian) type: a copy, aligned and nobody else's, unless
        they are lent."""
        size = self.end - self.start
        if size % np.dtype(dtype).itemsize:
            self.fail(f"{size} bytes are no whole number of {np.dtype(dtype).name} values",
                      self.start)  # fmt: skip
        raw = np.frombuffer(self.data, np.uint8, size, self.start) if size else np.empty(0, "u1")
        values = (raw if self.lent else raw.copy()).view(dtype)
        return values.astype(values.dtype.newbyteorder("="), copy=False)


@dataclass(frozen=True)
class Field:
    """One field: its number and wire type, and where its tag, its value and its end are.

    ``value`` is the number of a varint, and the length of what has a length.
    """

    outer: Region
    number: int
    wire: int
    start: int
    value_at: int
    end: int
    value: int

    @property
    def region(self) -> Region:
        """The value's bytes."""
        outer = self.outer
        return Region(outer.data, outer.path, self.value_at, self.end, outer.lent)

    def run(self, dtype: str) -> tuple[NDArray[Any], int]:
        """The values of this field of fixed size and of those like it right behind it.

        Before packed fields came, files had a tag before every value. Returns the values and the
        place after the last.
        """
        tag = bytes(self.outer.data[self.start : self.value_at])
        record = np.dtype([("tag", f"V{len(tag)}"), ("value", dtype)])
        at, parts = self.start, []
        while True:
            count = min(RUN, (self.outer.end - at) // record.itemsize)
            if count == 0:
                break
            records = np.frombuffer(self.outer.data, record, count, at)
            other = np.flatnonzero(records["tag"] != np.void(tag))
            same = int(other[0]) if len(other) else count
            parts.append(records["value"][:same].copy())
            at += same * record.itemsize
            if same < RUN:
                break
        return np.concatenate(parts), at
