"""Lists of words: one record a line, its words parted by blanks.

As C++ streams read them, so a path has no blanks. Empty lines are left out.
"""

from __future__ import annotations

import os
import re

from caffepy.errors import DataError, NotFound, shown
from caffepy.proto import textfile

WHOLE = re.compile(r"[+-]?[0-9]{1,18}")

Line = tuple[int, list[str]]


def read_words(path: str, form: str) -> list[Line]:
    """The lines of a list, each with its number.

    Args:
        form: what a line looks like, as ``"picture label_picture"``; words behind are left out.

    Raises:
        NotFound: no such file. DataError: it cannot be read, is empty, or a line has too few words.
    """
    try:
        texts = textfile.read_lines(path)
    except NotFound:
        raise NotFound("there is no such list", where=path, fix=None if os.path.isabs(path) else
                       f"The path starts from {os.getcwd()}.") from None
    count = len(form.split())
    lines = [(number, words) for number, text in enumerate(texts, 1) if (words := text.split())]
    if not lines:
        raise DataError("the list is empty", where=path, allowed=f"`{form}` a line")
    for number, words in lines:
        if len(words) < count:
            raise DataError("the line has too few words", where=f"{shown(path)}:{number}",
                            found=" ".join(words), allowed=f"`{form}`")
    return [(number, words[:count]) for number, words in lines]


def whole(word: str, what: str, where: str) -> int:
    """The whole number that a word of a list is; DataError if it is none."""
    if not WHOLE.fullmatch(word):
        raise DataError(f"{what} must be a whole number", where=where, found=word)
    return int(word)
