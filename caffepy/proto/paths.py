"""Names of files in messages: any bytes, as file systems have them, where protobuf wants UTF-8.

A folder's name may be in GBK, say. Python's protobuf takes text alone from us, but gives a string
that came as other bytes from a serialized message back as bytes. So such a name goes into its field
serialized, and comes out through ``os.fsdecode``, as Python has names of files everywhere. What
prints or stores the message keeps the bytes.
"""

from __future__ import annotations

import os

from google.protobuf.message import Message

from caffepy.proto.descriptors import is_repeated
from caffepy.proto.varint import LENGTH, key, varint


def path_of(message: Message, field: str) -> str:
    """The path in a field; "" if there is none."""
    return os.fsdecode(getattr(message, field))


def paths_of(message: Message, field: str) -> list[str]:
    """The paths in a repeated field."""
    return [os.fsdecode(path) for path in getattr(message, field)]


def set_path(message: Message, field: str, path: str) -> None:
    """Put a path into a field; a repeated one gets it added.

    Raises:
        UnicodeError: bytes that are not UTF-8, with protobuf's implementation in pure Python.
    """
    known = message.DESCRIPTOR.fields_by_name[field]
    try:
        path.encode()
    except UnicodeEncodeError:
        data = os.fsencode(path)
        message.MergeFromString(key(known.number, LENGTH) + varint(len(data)) + data)
        os.fsdecode(getattr(message, field)[-1] if is_repeated(known) else getattr(message, field))
        return
    if is_repeated(known):
        getattr(message, field).append(path)
    else:
        setattr(message, field, path)


def raw_path(path: str) -> str | bytes:
    """A path for a library that encodes text strictly: as it is, or the bytes it stands for."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path
