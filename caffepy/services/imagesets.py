"""A list of pictures as a database of Datums."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy import log
from caffepy.data import image_list, missing
from caffepy.data.image_list import Line
from caffepy.errors import CaffeError, DataError, NotFound
from caffepy.services import number_labels, work
from caffepy.services.picture_records import Format, checked, to_record
from caffepy.services.target import APPEND, NEW, end_of, target

logger = log.get(__name__)

EVERY = 1000      # files between two lines of the log
LISTED = 100      # skipped pictures named at the end; each has had its line before
ONE_BY_ONE = 20   # labels that are counted on one line
LONGEST_KEY = {"lmdb": 511}  # bytes


@dataclass
class Result:
    """What became of a list.

    Attributes:
        count: pictures in the database.
        skipped: the others, each with why.
        labels: how many pictures that were stored have which label.
        numbers: the labels of these pictures, where each has several.
    """

    count: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    labels: Counter[int] = field(default_factory=Counter)
    numbers: list[NDArray[np.float32]] = field(default_factory=list)


@dataclass(frozen=True)
class Record:
    """A picture ready to be stored: Datum and C x H x W; or why there is none."""

    line: Line
    path: str
    value: bytes = b""
    shape: tuple[int, ...] = ()
    error: str = ""


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
    for line in lines:
        if not -(2**31) <= line.label < 2**31:
            raise DataError("a label is a whole number of 32 bits", found=line.label,
                            where=f"{listfile}:{line.number}")
    return store(lines, _root(root, lines[0].path), listfile, path, backend, label_db=label_db,
                 numbers=numbers, **options)


def store(
    lines: list[Line],
    root: str,
    source: str,
    path: str,
    backend: str = "lmdb",
    *,
    format: Format = Format(),  # noqa: B008  frozen
    shuffle: bool = False,
    seed: int = work.SEED,
    check_size: bool = False,
    jobs: int = 1,
    mode: str = NEW,
    label_db: str = "",
    numbers: number_labels.Labels | None = None,
) -> Result:
    """Write the database at ``path`` from these lines.

    Args:
        root: put right before each path.
        source: where the lines come from, for errors.
        shuffle: store them in an order that ``seed`` decides.
        check_size: all pictures must have the size of the first.
        jobs: threads that read and decode; 0 means one for each processor.
        mode: what becomes of a database that is there already; see caffepy.services.target.
        label_db, numbers: a second database, and what goes into it: of each line, by its number,
            the labels.

    Raises:
        DataError: a size that differs (``check_size``), not one picture that can be read, a
            database that cannot be written. ConfigError: settings.
    """
    format = checked(format)
    numbers = numbers or {}
    if shuffle:
        logger.info("Shuffling data")
        lines = shuffled(lines, seed)
    logger.info("A total of %d images.", len(lines))

    def load(line: Line) -> Record:
        place = missing.place(root, line.path)
        try:
            value, shape = to_record(place, line.label, format)
        except CaffeError as error:
            return Record(line, place, error=str(error))
        return Record(line, place, value, shape)

    result = Result()
    start, size = end_of(path, backend) if mode == APPEND else (0, ())
    size_of = path
    if label_db and mode == APPEND and bool(start) != os.path.lexists(label_db):
        raise DataError("pictures and labels can be appended only where both are, or neither is",
                        where=f"{path} and {label_db}")
    with ExitStack() as stack:
        db = stack.enter_context(target(path, backend, mode))
        of_labels = stack.enter_context(target(label_db, backend, mode)) if label_db else None
        records = work.in_order(load, lines, work.job_count(jobs))
        for number, record in enumerate(work.track(records, "files", len(lines)), start):
            line = record.line
            if record.error:
                logger.error("Could not open or find file %s", record.path)
                result.skipped.append((record.path, record.error))
                continue
            if not size:
                size, size_of = record.shape, line.path
            if check_size and record.shape != size:
                raise DataError(
                    "Incorrect data field size",
                    where=f"{source}:{line.number} ({line.path})",
                    found=_shown(record.shape),
                    allowed=f"{_shown(size)}, the size of {size_of}",
                    fix="Give --resize_height and --resize_width, or leave out --check_size.",
                )
            key = _key(number, line, backend, source)
            db.put(key, record.value)
            if of_labels is not None:
                of_labels.put(key, number_labels.to_record(numbers[line.number]))
                result.numbers.append(numbers[line.number])
            result.count += 1
            result.labels[line.label] += 1
            if result.count % EVERY == 0:
                logger.info("Processed %d files.", result.count)
        if not result.count:
            reason = result.skipped[0][1]
            raise DataError(f"none of the {len(lines)} pictures could be read", where=source,
                            found=f"for the first: {reason}",
                            fix=missing.advice(root, lines[0].path, source))
    if result.count % EVERY:
        logger.info("Processed %d files.", result.count)
    for text in number_labels.spread(result.numbers) if label_db else [histogram(result.labels)]:
        logger.info("%s", text)
    return result


def shuffled(lines: list[Line], seed: int) -> list[Line]:
    """The lines in an order that the seed alone decides."""
    lines = lines[:]
    random.Random(seed).shuffle(lines)
    return lines


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


def _root(root: str, first: str) -> str:
    """The root, with a slash if that is all that keeps the first picture from being found."""
    if root and not os.path.isdir(root) and not os.path.isdir(os.path.dirname(root) or "."):
        hint = None if os.path.isabs(root) else f"The path starts from {os.getcwd()}."
        raise NotFound("there is no such folder", where=root, fix=hint)
    with_slash = os.path.join(root, "")
    if root != with_slash and os.path.exists(with_slash + first) and not os.path.exists(
            root + first):
        return with_slash
    return root


def _key(number: int, line: Line, backend: str, source: str) -> bytes:
    key = b"%08d_" % number + os.fsencode(line.path)
    longest = LONGEST_KEY.get(backend, len(key))
    if len(key) > longest:
        raise DataError(
            "the path is too long for a key of this database",
            where=f"{source}:{line.number}", found=f"{len(key)} bytes",
            allowed=f"{longest} bytes", fix="Move a part of all paths to ROOT, or use LevelDB.")
    return key


def _shown(shape: Iterable[int]) -> str:
    return " x ".join(map(str, shape))


def report_skipped(
    skipped: list[tuple[str, str]], total: int,
    fate: str = "could not be read and are not in the database",
) -> None:
    """Name what was left out, once more and together."""
    logger.error("%d of %d pictures %s:", len(skipped), total, fate)
    for _, reason in skipped[:LISTED]:
        logger.error("    %s", reason)
    if len(skipped) > LISTED:
        logger.error("    and %d more", len(skipped) - LISTED)
