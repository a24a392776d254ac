"""Whole numbers as protobuf writes them: in base 128, the low digits first, and the tags of fields.

Wire format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5  # kinds of fields
LONGEST = 10  # bytes of 64 bits


def varint(value: int) -> bytes:
    """A number of 0 or more."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def key(number: int, wire: int) -> bytes:
    """What begins a field."""
    return varint(number << 3 | wire)


def read_varint(data: bytes | memoryview, at: int, end: int) -> tuple[int, int] | None:
    """The number that begins at a place, and the place after it; None if it does not end."""
    value = 0
    for shift, byte in enumerate(data[at : min(at + LONGEST, end)]):
        value |= (byte & 127) << 7 * shift
        if byte < 128:
            return value, at + shift + 1
    return None
