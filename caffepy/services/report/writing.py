"""What all reports share: names of classes, a folder that can be written, files put into it."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from caffepy import log
from caffepy.columns import columns
from caffepy.errors import DataError, shown
from caffepy.proto.files import atomic_write
from caffepy.services.folders import NAMES, read_names
from caffepy.services.report.judging import Judge

logger = log.get(__name__)

LISTED = 20  # classes whose accuracy the log has


def names_for(judge: Judge, path: str = "", beside: bool = True) -> list[str]:
    """The names of the classes: of the file at ``path``, or of labels.txt beside the data, else
    their numbers.

    Args:
        beside: whether labels.txt is about these classes.

    Raises:
        NotFound: no such file. DataError: it has more names than there are classes.
    """
    classes = len(judge.table)
    names = read_names(path) if path else list(
        judge.seen.names if judge.seen and beside else ())
    if len(names) > classes:
        if path:
            raise DataError("the names are not those of the net's classes", where=path,
                            found=f"{len(names)} names", allowed=f"at most {classes}, one a line")
        logger.warning("%s beside the data has %d names, and the net has %d classes: numbers are "
                       "shown instead. -labels FILE names others.", NAMES, len(names), classes)
        names = []
    elif names and not path:
        logger.info("Names of classes: %s beside the data", NAMES)
    names = [name or str(label) for label, name in enumerate(names)]
    return names + [str(label) for label in range(len(names), classes)]


def as_json(result: Mapping[str, Any]) -> bytes:
    """The bytes of report.json."""
    return json.dumps(finite(result), indent=1, allow_nan=False).encode() + b"\n"


def as_csv(rows: Sequence[Sequence[object]]) -> bytes:
    """The bytes of a table as .csv; the first row are its titles, None is left empty."""
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(
        [f"{word:.6g}" if isinstance(word, float) else word for word in row] for row in rows)
    return target.getvalue().encode("utf-8", "surrogateescape")


def over(count: int, total: int | None, what: str = "items") -> str:
    """Such as "the first 8 items of 13"."""
    rest = total is not None and count < total
    return f"{'the first' if rest else 'all'} {count} {what}" + (f" of {total}" if rest else "")


def table(rows: Sequence[Sequence[str]], more: int = 0) -> None:
    """Log rows, the first of titles, numbers in columns, and how many more classes there are."""
    for line in columns(rows, right=range(1, len(rows[0]))):
        logger.info("    %s", line)
    if more > 0:
        logger.info("    and %d more classes", more)


def prepare(folder: str) -> None:
    """Make the folder, before hours of batches and not after them.

    Raises:
        DataError: it cannot be made, or nothing can be written into it.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DataError(f"the report cannot be written: {error.strerror}", where=folder) from error


def put(folder: str, files: Mapping[str, bytes], perhaps: Sequence[str] = ()) -> None:
    """Write files into a folder, and log it.

    Args:
        perhaps: names of files that are removed if they are not among ``files``: those of an
            earlier test would mislead.
    """
    for name, data in files.items():
        with atomic_write(Path(folder, name)) as file:
            file.write(data)
    for name in set(perhaps) - set(files):
        Path(folder, name).unlink(missing_ok=True)
    logger.info("Wrote %s to %s", ", ".join(files), shown(folder))


def finite(value: Any) -> Any:
    """With null for what is infinite or no number, for which JSON has no word."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
