"""Text files as they come: the one reader of prototxt, lists, labels, logs and tables of numbers.

UTF-8 with or without a byte-order mark, and UTF-16 and UTF-32 with one (PowerShell's ``>`` writes
UTF-16) are read; UTF-16 without a mark is named and refused. Bytes that are not UTF-8 are kept as
``os.fsdecode`` keeps them, so that names of files in any encoding are found. Lines end with LF,
CR LF or, where a file has no LF at all, CR.
"""

from __future__ import annotations

import os
import re

from caffepy.errors import DataError, shown
from caffepy.proto import files

LOOKED_AT = 4096  # bytes by which UTF-16 is known


def as_text(data: bytes, where: str, *, zeros: bool = False) -> str:
    """The text in a file's bytes, its lines ended by LF.

    Args:
        where: the file's name, for errors.
        zeros: take zero bytes and half characters, as a log has where it was cut off; else they
            are an error.

    Raises:
        DataError: it is no text.
    """
    where = shown(where)
    if wide := files.wide_encoding(data):
        try:
            text = data.decode(wide, "replace" if zeros else "strict")
        except UnicodeError as error:
            raise DataError(f"the file begins as {wide} does, but is damaged", where=where,
                            fix="Save it as UTF-8.") from error
    else:
        if b"\0" in data:
            refuse_wide(data, where)
            if not zeros:
                line = data.count(b"\n", 0, data.index(b"\0")) + 1
                raise DataError("this is no text", where=f"{where}:{line}", found="a zero byte",
                                fix="Was another file meant?")
        text = data.decode("utf-8", "surrogateescape")
    text = text.removeprefix("\ufeff")
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")


def refuse_wide(data: bytes, where: str) -> None:
    """Raise DataError for UTF-16 that has no mark: of Latin text every second byte is zero."""
    head = data[:LOOKED_AT]
    if b"\0" not in head or files.wide_encoding(head):
        return
    for zeros, letters in ((head[1::2], head[::2]), (head[::2], head[1::2])):
        if zeros.count(0) > 0.7 * len(zeros) and not files.NOT_TEXT.search(letters):
            raise DataError("the file is UTF-16 without a byte-order mark", where=where,
                            fix="Save it as UTF-8.")


def read_text(path: str | os.PathLike[str], *, zeros: bool = False) -> str:
    """The text of a file; see ``as_text``.

    Raises:
        NotFound: no such file. ConfigError: a folder. DataError: it cannot be read, or is no text.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise files.file_error(error, path, "read") from error
    return as_text(data, os.fsdecode(path), zeros=zeros)


def read_lines(path: str | os.PathLike[str], *, zeros: bool = False) -> list[str]:
    """The lines of a file, without what ends them; raises as ``read_text``."""
    lines = read_text(path, zeros=zeros).split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def printable(text: str) -> str:
    """The text with a replacement character for each byte that is not UTF-8: for the screen."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)
