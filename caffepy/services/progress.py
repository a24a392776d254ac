"""A progress bar for people: on a terminal only, below log lines that stay whole."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from caffepy import log

SECONDS_BETWEEN_DRAWINGS = 0.2


class AboveTheBar(log.StderrHandler):
    """Writes log lines above the bar instead of through it."""

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        with tqdm.external_write_mode(file=sys.stderr):
            super().emit(record)


@contextmanager
def training_bar(solver: Any) -> Iterator[None]:
    """Show iterations, speed, time left, loss and rate of ``solver`` while it solves."""
    if not sys.stderr.isatty():
        yield
        return
    from tqdm import tqdm

    with lines_above_the_bar(), tqdm(
        total=solver.max_iter, initial=solver.iter, unit="iter", file=sys.stderr, mininterval=0,
        **width(),
    ) as bar:

        drawn = 0.0

        def show(solver: Any) -> None:
            # a small net does thousands of iterations a second: look at the clock first
            nonlocal drawn
            now = monotonic()
            if now - drawn >= SECONDS_BETWEEN_DRAWINGS or solver.iter >= solver.max_iter:
                drawn = now
                bar.set_postfix_str(
                    f"loss {solver.smoothed_loss:.4g}, lr {solver.rate:.4g}", refresh=False)
                bar.update(solver.iter - bar.n)

        solver.on_iteration.append(show)
        try:
            yield
        finally:
            solver.on_iteration.remove(show)
            bar.update(solver.iter - bar.n)  # where it was stopped


def say(text: str) -> None:
    """Print on standard output, above the bar if there is one."""
    if not sys.stderr.isatty():
        print(text, flush=True)
        return
    from tqdm import tqdm

    with tqdm.external_write_mode(file=sys.stdout):
        print(text, flush=True)


def width() -> dict[str, Any]:
    """tqdm's arguments for the bar's width: it follows the window, if the window has a width.
    Pseudo-terminals of build servers often say 0, for which tqdm would draw nothing."""
    try:
        known = os.get_terminal_size(sys.stderr.fileno()).columns > 0
    except (OSError, ValueError):
        known = False
    return {"dynamic_ncols": True} if known else {"ncols": 100, "nrows": 24}


@contextmanager
def lines_above_the_bar() -> Iterator[None]:
    """Swap the log's standard error handlers for ones that know of the bar."""
    root = logging.getLogger(log.ROOT)
    plain = [handler for handler in root.handlers if isinstance(handler, log.StderrHandler)]
    above = []
    for handler in plain:
        swapped = AboveTheBar()
        swapped.setLevel(handler.level)
        swapped.setFormatter(handler.formatter)
        above.append(swapped)
        root.removeHandler(handler)
        root.addHandler(swapped)
    try:
        yield
    finally:
        for handler in above:
            root.removeHandler(handler)
        for handler in plain:
            root.addHandler(handler)
