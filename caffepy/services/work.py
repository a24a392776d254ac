"""What the tools that walk over many items share: a bar on terminals, threads, a quiet log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from caffepy import cores, log
from caffepy.data.crew import Crew
from caffepy.errors import ConfigError
from caffepy.services import progress

Item = TypeVar("Item")
Result = TypeVar("Result")

SEED = 1701  # of shuffles, unless told otherwise: the same call makes the same database


def track(items: Iterable[Item], unit: str, total: int | None = None) -> Iterator[Item]:
    """The items, with a progress bar below the log lines if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from tqdm import tqdm

    with progress.lines_above_the_bar():
        yield from tqdm(items, total=total, unit=f" {unit}", leave=False, file=sys.stderr,
                        **progress.width())


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[Result]:
    """``map`` on ``jobs`` threads; results come in the order of the items."""
    crew = Crew(jobs)
    try:
        yield from crew.map(function, items)
    finally:
        crew.close()


def job_count(jobs: int) -> int:
    """The value of a --jobs flag: 0 means as many as this process has processors."""
    if jobs < 0:
        raise ConfigError("jobs must be 0 (one for each processor) or more", found=jobs)
    return jobs or cores.usable()


@contextmanager
def quiet() -> Iterator[None]:
    """Only warnings and errors are logged meanwhile: a net's start-up is not what is asked for."""
    root = logging.getLogger(log.ROOT)
    level = root.level
    root.setLevel(max(level, logging.WARNING))
    try:
        yield
    finally:
        root.setLevel(level)
