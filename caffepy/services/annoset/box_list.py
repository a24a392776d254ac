"""Lists of pictures and their annotation files, one `picture annotation` a line."""

from __future__ import annotations

import os
from dataclasses import dataclass

from caffepy.data import missing
from caffepy.data.image_list import read_lines
from caffepy.errors import DataError


@dataclass(frozen=True, slots=True)
class BoxLine:
    """A picture of a list: its path and that of its annotation as written, the line's number."""

    path: str
    annotation: str
    number: int


def read_list(path: str, root: str) -> list[BoxLine]:
    """The lines of a list; empty ones are left out.

    A line is cut at its blank. If it has several, paths may have them: it is cut where both files
    are there, or else at the last one.

    Args:
        root: put right before both paths.

    Raises:
        NotFound: no such file. DataError: a line without a blank, or no line.
    """
    lines: list[BoxLine] = []
    for number, text in enumerate(read_lines(path), 1):
        text = text.strip(" \t\r")
        if not text:
            continue
        blanks = [at for at, letter in enumerate(text) if letter in " \t"]
        if not blanks:
            raise DataError("a line is a picture and its annotation", where=f"{path}:{number}",
                            found=repr(text), allowed="picture annotation, with a blank between",
                            fix="--anno_type=classification is for a label behind the picture.")
        cuts = [(text[:at].rstrip(" \t"), text[at:].lstrip(" \t")) for at in blanks]
        picture, annotation = next((cut for cut in cuts if len(cuts) > 1 and all(
            os.path.exists(missing.place(root, part)) for part in cut)), cuts[-1])
        lines.append(BoxLine(picture, annotation, number))
    if not lines:
        raise DataError("the list names no picture", where=path,
                        allowed="one `picture annotation` a line")
    return lines
