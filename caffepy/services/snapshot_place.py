"""Where a training's snapshots will go, and what lies there already."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from caffepy import log
from caffepy.checks import structure
from caffepy.errors import shown
from caffepy.proto.paths import path_of
from caffepy.services.prediction import KINDS

logger = log.get(__name__)

LOOKED = 2000  # entries of a folder that are looked at
MANY = 10  # pictures that make a folder one of pictures; a net and its curve may lie anywhere
NUMBER = re.compile(r"_iter_(\d+)\.(caffemodel|solverstate)(\.h5)?")


def tell(param: Any, done: int = 0) -> None:
    """Log where the snapshots of a solver file go, and warn of what lies there.

    Args:
        param: the SolverParameter.
        done: iterations that a resumed training has behind it.
    """
    when = [f"every {param.snapshot} iterations"] if param.snapshot else []
    when += ["at the end"] if param.snapshot_after_train else []
    if when and param.snapshot_prefix:
        prefix = os.path.abspath(path_of(param, "snapshot_prefix"))
        logger.info("Snapshots go to %s_iter_<N>, %s.", shown(prefix), " and ".join(when))
        structure.warn(traps(param, done))


def traps(param: Any, done: int = 0) -> Iterator[str]:
    """What is hardly ever meant about the place of snapshots; arguments as for ``tell``."""
    prefix = path_of(param, "snapshot_prefix")
    if not prefix or not (param.snapshot or param.snapshot_after_train):
        return
    yield from _company(os.path.dirname(prefix) or ".")
    yield from _overwritten(param, prefix, done)


def _company(folder: str) -> Iterator[str]:
    """Data in the folder itself, and folders of pictures in it."""
    pictures, _, folders = _look(folder)
    sets = []
    for name in folders:
        inside, others, _ = _look(os.path.join(folder, name))
        if inside > others:
            sets.append(name)
    what = (f"{pictures} pictures" if pictures >= MANY else
            f"folders of pictures ({', '.join(map(shown, sets[:3]))}"
            f"{'...' if len(sets) > 3 else ''})" if len(sets) > 1 else
            "a database" if os.path.exists(os.path.join(folder, "data.mdb")) else "")
    if what:
        yield (f"snapshots will lie in {shown(os.path.abspath(folder))}, which has {what}: a "
               "folder of their own in snapshot_prefix keeps both apart.")


def _look(folder: str) -> tuple[int, int, list[str]]:
    """How many files are called as pictures are, how many are not, and the folders' names."""
    pictures, others, folders = 0, 0, []
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, LOOKED):
                if entry.is_dir():
                    folders.append(entry.name)
                elif entry.name.lower().endswith(KINDS):
                    pictures += 1
                else:
                    others += 1
    except OSError:  # no folder, or not ours to read: check_writable says it
        pass
    return pictures, others, sorted(folders)


def _overwritten(param: Any, prefix: str, done: int) -> Iterator[str]:
    folder, start = os.path.split(prefix)
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return
    found = {int(match[1]) for name in names if name.startswith(start)
             and (match := NUMBER.fullmatch(name[len(start) :]))}
    again = sorted(n for n in found if n > done and (
        n <= param.max_iter and param.snapshot and n % param.snapshot == 0 or
        n == param.max_iter and param.snapshot_after_train))
    if again:
        which = f"iteration {again[0]}" if len(again) == 1 else (
            f"iterations {again[0]} to {again[-1]} ({len(again)} of them)")
        yield (f"snapshots of {which} are there from an earlier run and will be overwritten. "
               "Another snapshot_prefix keeps them; -snapshot latest goes on from the last.")
