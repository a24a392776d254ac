"""Annotations as plain text: a line for each object, `label xmin ymin xmax ymax` in pixels."""

from __future__ import annotations

from caffepy.data.annotation import Annotation, Box, number
from caffepy.data.label_map import Numbers, Unknown
from caffepy.errors import DataError
from caffepy.proto import textfile

WORDS = 5


def parse(data: bytes, path: str, numbers: Numbers) -> Annotation:
    """The objects of a text file.

    Raises:
        DataError: it is no text, or a line is no object.
    """
    found = Annotation()
    for count, line in enumerate(textfile.as_text(data, path).split("\n"), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != WORDS or not words[0].lstrip("+-").isdecimal():
            raise DataError("a line is no object", where=f"{path}:{count}", found=repr(line),
                            allowed="label xmin ymin xmax ymax, the label a whole number")
        try:
            label = numbers.known(int(words[0]))
        except Unknown as error:
            found.problems.append(error.at(f"{path}:{count}"))
            continue
        left, top, right, bottom = map(number, words[1:])
        found.boxes.append(Box(label, (left, top, right, bottom)))
    return found
