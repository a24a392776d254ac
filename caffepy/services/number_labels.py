"""Lists with several labels a picture: ``path label label ...``, numbers of any kind.

A Datum has one whole number, so the labels go into a database of their own, whose records lie in
the order of the pictures: a second Data layer of the same batch_size reads them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from caffepy.data.datum import from_array
from caffepy.data.image_list import Line
from caffepy.errors import ConfigError, DataError
from caffepy.proto import textfile

SHOWN = 20  # labels that get a line of the log

Labels = dict[int, NDArray[np.float32]]  # by the number of the line


def read_list(path: str, count: int) -> tuple[list[Line], Labels]:
    """The pictures of a list whose lines end in ``count`` numbers, and these numbers.

    The label of a Line is the first number, or 0 if that is not whole.

    Raises:
        NotFound: no such file. DataError: a line that does not end so, or no line.
    """
    if count < 1:
        raise ConfigError("labels must be 1 or more", found=count)
    lines: list[Line] = []
    labels: Labels = {}
    for number, text in enumerate(textfile.read_lines(path), 1):
        text = text.strip(" \t\r")
        if not text:
            continue
        name, *words = text.rsplit(None, count)
        try:
            values = np.array([float(word) for word in words])
        except ValueError:
            values = np.empty(0)
        if len(values) != count or not np.isfinite(values).all():
            raise DataError(f"a line is a path and {count} numbers", where=f"{path}:{number}",
                            found=repr(text))
        first = values[0]
        whole = first == np.floor(first) and abs(first) < 2**31
        labels[number] = values.astype(np.float32)
        lines.append(Line(name, int(first) if whole else 0, number))
    if not lines:
        raise DataError("the list names no picture", where=path)
    return lines, labels


def to_record(values: NDArray[np.float32]) -> bytes:
    """A Datum of N x 1 x 1 numbers."""
    return from_array(values.reshape(-1, 1, 1)).SerializeToString()


def spread(labels: list[NDArray[np.float32]]) -> list[str]:
    """A line on each label: from where to where, and its mean."""
    table = np.stack(labels).astype(float)
    lines = [f"Label {i}: from {column.min():g} to {column.max():g}, mean {column.mean():g}"
             for i, column in enumerate(table.T[:SHOWN])]
    more = table.shape[1] - SHOWN
    return lines + ([f"and {more} more labels"] if more > 0 else [])
