"""The pictures of a list as records of a database: in the list's order, complete, with what could
not be read told at the end."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from caffepy import log
from caffepy.data import missing
from caffepy.errors import CaffeError, DataError, NotFound
from caffepy.services import work
from caffepy.services.target import APPEND, NEW, end_of, target

logger = log.get(__name__)

EVERY = 1000      # files between two lines of the log
LISTED = 100      # skipped pictures named at the end; each has had its line before
LONGEST_KEY = {"lmdb": 511}  # bytes


class Listed(Protocol):
    """A line of a list: the path of its picture, as written, and which line it is."""

    @property
    def path(self) -> str: ...

    @property
    def number(self) -> int: ...


L = TypeVar("L", bound=Listed)


@dataclass(frozen=True)
class Record:
    """A picture ready to be stored.

    Attributes:
        value: what is stored.
        shape: C x H x W of the picture in it.
        notes: what the caller wants to know of it when it has been stored.
    """

    value: bytes
    shape: tuple[int, ...]
    notes: Any = None


@dataclass
class Outcome:
    """What became of a list.

    Attributes:
        count: pictures in the database.
        skipped: the others, each with why.
    """

    count: int = 0
    skipped: list[tuple[str, CaffeError]] = field(default_factory=list)


@dataclass(frozen=True)
class _Read(Generic[L]):
    line: L
    path: str
    record: Record | CaffeError


def store(
    lines: Sequence[L],
    read: Callable[[L, str], Record],
    path: str,
    backend: str = "lmdb",
    *,
    root: str,
    source: str,
    shuffle: bool = False,
    seed: int = work.SEED,
    check_size: bool = False,
    jobs: int = 1,
    mode: str = NEW,
    stored: Callable[[L, bytes, Record], None] | None = None,
    failed: str = "Could not open or find file",
) -> Outcome:
    """Write the database at ``path`` from these lines.

    Args:
        read: makes a record of a line and the place of its picture; several threads call it. What
            it raises of CaffeError leaves the picture out.
        root: put right before each path.
        source: where the lines come from, for errors.
        shuffle: store them in an order that ``seed`` decides.
        check_size: all pictures must have the size of the first.
        jobs: threads that read and decode; 0 means one for each processor.
        mode: what becomes of a database that is there already; see caffepy.services.target.
        stored: told of each record in order, with its key.
        failed: what the log says before the path of a picture that is left out.

    Raises:
        DataError: a size that differs (``check_size``), not one picture that can be read, a
            database that cannot be written. ConfigError: settings.
    """
    if shuffle:
        logger.info("Shuffling data")
        lines = shuffled(lines, seed)
    logger.info("A total of %d images.", len(lines))

    def load(line: L) -> _Read[L]:
        place = missing.place(root, line.path)
        try:
            return _Read(line, place, read(line, place))
        except CaffeError as error:
            return _Read(line, place, error)

    outcome = Outcome()
    start, size = end_of(path, backend) if mode == APPEND else (0, ())
    size_of = path
    with target(path, backend, mode) as db:
        records = work.in_order(load, lines, work.job_count(jobs))
        for number, done in enumerate(work.track(records, "files", len(lines)), start):
            line, record = done.line, done.record
            if isinstance(record, CaffeError):
                logger.error("%s %s", failed, done.path)
                outcome.skipped.append((done.path, record))
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
            if stored is not None:
                stored(line, key, record)
            outcome.count += 1
            if outcome.count % EVERY == 0:
                logger.info("Processed %d files.", outcome.count)
        if not outcome.count:
            reason = outcome.skipped[0][1]
            raise DataError(f"none of the {len(lines)} pictures could be read", where=source,
                            found=f"for the first: {reason}",
                            fix=missing.advice(root, lines[0].path, source))
    if outcome.count % EVERY:
        logger.info("Processed %d files.", outcome.count)
    return outcome


def shuffled(lines: Sequence[L], seed: int) -> list[L]:
    """The lines in an order that the seed alone decides."""
    mixed = list(lines)
    random.Random(seed).shuffle(mixed)
    return mixed


def root_of(root: str, first: str) -> str:
    """The root, with a slash if that is all that keeps the first picture from being found.

    Raises:
        NotFound: no such folder.
    """
    if root and not os.path.isdir(root) and not os.path.isdir(os.path.dirname(root) or "."):
        hint = None if os.path.isabs(root) else f"The path starts from {os.getcwd()}."
        raise NotFound("there is no such folder", where=root, fix=hint)
    with_slash = os.path.join(root, "")
    if root != with_slash and os.path.exists(with_slash + first) and not os.path.exists(
            root + first):
        return with_slash
    return root


def report_skipped(
    skipped: Sequence[tuple[str, object]], total: int,
    fate: str = "could not be read and are not in the database",
) -> None:
    """Name what was left out, once more and together.

    Args:
        skipped: the path of each, and why.
    """
    logger.error("%d of %d pictures %s:", len(skipped), total, fate)
    for _, reason in skipped[:LISTED]:
        logger.error("    %s", reason)
    if len(skipped) > LISTED:
        logger.error("    and %d more", len(skipped) - LISTED)


def _key(number: int, line: Listed, backend: str, source: str) -> bytes:
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
