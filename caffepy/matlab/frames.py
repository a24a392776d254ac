"""How values travel between Octave or MATLAB and Python: as frames of bytes, numbers as they are.

    frame    the number of bytes that follow (uint64), values
    value    kind (uint32), n (uint32), what the kind says, zeros up to a multiple of 8 bytes

    kind     what follows
    TEXT     n bytes of UTF-8
    NAMES    n bytes of UTF-8: texts, each ended by a zero byte
    SINGLE   n lengths of axes (uint64), the quickest axis first, and the numbers (float32)
    DOUBLE   the same with float64
    HANDLES  the session's key (float64), n numbers (float64)
    STRUCT   n times a name (a TEXT) and its value

All is little-endian. An array has the bytes of Caffe's C order, which are those of MATLAB's column
order with the axes named in reverse: N x C x H x W here, W x H x C x N there. Nothing is copied or
turned round. The other end is in +caffe/+session, pack.m and unpack.m.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.errors import DataError

LENGTH = struct.Struct("<Q")
HEAD = struct.Struct("<II")
TEXT, NAMES, SINGLE, DOUBLE, HANDLES, STRUCT = range(1, 7)
DTYPES: dict[int, np.dtype[Any]] = {SINGLE: np.dtype("<f4"), DOUBLE: np.dtype("<f8")}

Piece = bytes | memoryview


@dataclass(frozen=True)
class Handles:
    """What stands for nets, layers and blobs over there: a struct array with ptr and init_key.

    Attributes:
        key: that of the session that gave them.
        numbers: one for each thing.
    """

    key: float
    numbers: tuple[int, ...]


# str, list[str] (names), arrays of float32 or float64, float, Handles, or a dictionary of these
Value = Any


def packed(values: Iterable[Value]) -> list[Piece]:
    """The frame of the values in pieces, to be written one after the other. Pieces may be views of
    the arrays given."""
    pieces = [piece for value in values for piece in _packed(value)]
    return [LENGTH.pack(sum(map(len, pieces))), *pieces]


def unpacked(body: Piece) -> list[Value]:
    """The values in a frame, after its length. Arrays are read-only views of ``body``.

    Raises:
        DataError: this is no such frame.
    """
    reader = _Reader(memoryview(body))
    values = []
    try:
        while reader.left:
            values.append(reader.value())
    except (struct.error, ValueError) as error:
        raise DataError("a frame from MATLAB cannot be read", found=str(error)) from error
    return values


# -- to bytes --------------------------------------------------------------------------------------


def _packed(value: Value) -> list[Piece]:
    if isinstance(value, str):
        return _text(TEXT, value)
    if isinstance(value, list):
        return _text(NAMES, "".join(f"{name}\0" for name in value))
    if isinstance(value, Handles):
        data = np.array([value.key, *value.numbers], "<f8")
        return [HEAD.pack(HANDLES, len(value.numbers)), data.tobytes()]
    if isinstance(value, dict):
        return [HEAD.pack(STRUCT, len(value)),
                *(piece for pair in value.items() for part in pair for piece in _packed(part))]
    return _array(np.asarray(value))


def _text(kind: int, text: str) -> list[Piece]:
    data = text.encode("utf-8", "surrogateescape")
    return [HEAD.pack(kind, len(data)), data, _filling(len(data))]


def _array(array: np.ndarray[Any, Any]) -> list[Piece]:
    kind = SINGLE if array.dtype == np.float32 else DOUBLE
    array = np.ascontiguousarray(array.astype(DTYPES[kind], copy=False))
    axes = [*array.shape[::-1], 1, 1][: max(array.ndim, 2)]  # MATLAB knows no fewer than two
    data = array.reshape(-1).view(np.uint8).data
    return [HEAD.pack(kind, len(axes)), np.array(axes, "<u8").tobytes(), data,
            _filling(array.nbytes)]


def _filling(size: int) -> bytes:
    return bytes(-size % 8)


# -- from bytes ------------------------------------------------------------------------------------


class _Reader:
    """Takes values off the front of a frame's bytes."""

    def __init__(self, data: memoryview) -> None:
        self.data = data

    @property
    def left(self) -> int:
        return len(self.data)

    def take(self, size: int) -> memoryview:
        whole = size + -size % 8
        if whole > len(self.data):
            raise ValueError(f"{size} bytes are announced, {len(self.data)} are left")
        taken, self.data = self.data[:size], self.data[whole:]
        return taken

    def numbers(self, count: int, dtype: Any) -> np.ndarray[Any, Any]:
        return np.frombuffer(self.take(count * np.dtype(dtype).itemsize), dtype)

    def value(self) -> Value:
        kind, n = HEAD.unpack(self.take(HEAD.size))
        if kind == TEXT:
            return str(self.take(n), "utf-8", "surrogateescape")
        if kind == NAMES:
            return str(self.take(n), "utf-8", "surrogateescape").split("\0")[:-1]
        if kind in DTYPES:
            axes: Sequence[int] = self.numbers(n, "<u8").tolist()
            return self.numbers(math.prod(axes), DTYPES[kind]).reshape(axes[::-1])
        if kind == HANDLES:
            key, *numbers = self.numbers(1 + n, "<f8").tolist()
            return Handles(key, tuple(map(int, numbers)))
        if kind == STRUCT:
            return {self.value(): self.value() for _ in range(n)}
        raise ValueError(f"kind {kind}")
