"""A list of pictures as a database of Datums."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy import log
from caffepy.data import image_list
from caffepy.data.image_list import Line
from caffepy.errors import DataError
from caffepy.services import number_labels, storing
from caffepy.services.picture_records import Format, checked, to_record
from caffepy.services.storing import Outcome, Record
from caffepy.services.target import APPEND, NEW, target

logger = log.get(__name__)

ONE_BY_ONE = 20   # labels that are counted on one line


@dataclass
class Result(Outcome):
    """What became of a list.

    Attributes:
        labels: how many pictures that were stored have which label.
        numbers: the labels of these pictures, where each has several.
    """

    labels: Counter[int] = field(default_factory=Counter)
    numbers: list[NDArray[np.float32]] = field(default_factory=list)


def convert(
    root: str, listfile: str, path: str, backend: str = "lmdb", *, label_db: str = "",
    label_count: int = 1, **options: Any,
) -> Result:
    """Write the database at ``path`` from the pictures of a list.

    Args:
        root: put right before each path of the list.
        label_db: a second database, for the numbers that each line ends in.
        label_count: how many numbers these are.
        options: see ``store``.

    Raises:
        NotFound: no list, no root folder. DataError, ConfigError: as ``store``, and a label that
            has no place in a Datum.
    """
    numbers: number_labels.Labels = {}
    if label_db:
        lines, numbers = number_labels.read_list(listfile, label_count)
    else:
        lines = image_list.read_list(listfile)
        check_labels(lines, listfile)
    return store(lines, storing.root_of(root, lines[0].path), listfile, path, backend,
                 label_db=label_db, numbers=numbers, **options)


def check_labels(lines: list[Line], source: str) -> None:
    """Raises: DataError, a label has no place in a Datum."""
    for line in lines:
        if not -(2**31) <= line.label < 2**31:
            raise DataError("a label is a whole number of 32 bits", found=line.label,
                            where=f"{source}:{line.number}")


def store(
    lines: list[Line],
    root: str,
    source: str,
    path: str,
    backend: str = "lmdb",
    *,
    format: Format = Format(),  # noqa: B008  frozen
    mode: str = NEW,
    label_db: str = "",
    numbers: number_labels.Labels | None = None,
    **options: Any,
) -> Result:
    """Write the database at ``path`` from these lines.

    Args:
        format: how pictures are stored.
        label_db, numbers: a second database, and what goes into it: of each line, by its number,
            the labels.
        root, source, mode, options: see caffepy.services.storing.store.

    Raises: as caffepy.services.storing.store.
    """
    format, numbers = checked(format), numbers or {}
    labels: Counter[int] = Counter()
    spread: list[NDArray[np.float32]] = []
    if label_db and mode == APPEND and os.path.lexists(path) != os.path.lexists(label_db):
        raise DataError("pictures and labels can be appended only where both are, or neither is",
                        where=f"{path} and {label_db}")
    with ExitStack() as stack:
        of_labels = stack.enter_context(target(label_db, backend, mode)) if label_db else None

        def stored(line: Line, key: bytes, record: Record) -> None:
            labels[line.label] += 1
            if of_labels is not None:
                of_labels.put(key, number_labels.to_record(numbers[line.number]))
                spread.append(numbers[line.number])

        outcome = storing.store(
            lines, lambda line, place: Record(*to_record(place, line.label, format)), path,
            backend, root=root, source=source, mode=mode, stored=stored, **options)
    for text in number_labels.spread(spread) if label_db else [histogram(labels)]:
        logger.info("%s", text)
    return Result(outcome.count, outcome.skipped, labels, spread)


def histogram(labels: Counter[int]) -> str:
    """One line on how the labels are spread."""
    total, lowest, highest = len(labels), min(labels), max(labels)
    if total <= ONE_BY_ONE:
        counts = ", ".join(f"{label}: {labels[label]}" for label in sorted(labels))
        return f"Pictures of each label: {counts}"
    by_count = labels.most_common()
    (most, most_count), (least, least_count) = by_count[0], by_count[-1]
    absent = highest - lowest + 1 - total
    return (f"{total} labels from {lowest} to {highest}"
            f"{f' ({absent} of these numbers do not occur)' if absent else ''}; from "
            f"{least_count} pictures (label {least}) to {most_count} (label {most})")
