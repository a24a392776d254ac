"""What belongs to a run: its snapshots, its solver's and net's files, as far as they lie on the
shelf."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from caffepy.board.runs import prototxt
from caffepy.board.runs.facts import best_score
from caffepy.board.runs.run import Run
from caffepy.board.shelf import Shelf
from caffepy.errors import CaffeError
from caffepy.proto import textfile

MOST_TEXT = 1 << 20
MOST_ENTRIES = 20000  # of a folder
ENDING = re.compile(r"(?:_iter_(\d{1,12})|_(best))\.(caffemodel|solverstate)(?:\.h5)?")
NUMBER = re.compile(r"_iter_(\d{1,12})\.\w+(?:\.h5)?$")
NETS = ("net", "train_net")


@dataclass
class Snapshot:
    """What was saved at an iteration.

    Attributes:
        iteration: None for the best.
        weights, state: names on the shelf, "" if there is none; ``size`` of both in bytes.
        scores: the test at this iteration: name and value.
    """

    iteration: int | None
    weights: str = ""
    state: str = ""
    size: int = 0
    changed: float = 0.0
    scores: tuple[tuple[str, float], ...] = ()


def places(shelf: Shelf, run: Run, path: str) -> Iterator[Path]:
    """Where a path that a run's files tell may lie, for nobody knows in which folder the training
    was started: as it is, and below the folder of the run and those around it."""
    if not path or "\0" in path:
        return
    if os.path.isabs(path):
        yield Path(path)
    else:
        for folder in (run.path.parent, *run.path.parent.parents):
            if shelf.name(folder) is not None:
                yield folder / path
    yield run.path.parent / PurePosixPath(path).name


def find(shelf: Shelf, run: Run, path: str) -> Path | None:
    """The first of the places where a file of the shelf is."""
    for place in places(shelf, run, path):
        try:
            if place.is_file() and shelf.name(place) is not None:
                return place
        except OSError:
            continue
    return None


def net_file(shelf: Shelf, run: Run) -> Path | None:
    """The net that the solver names, as the file is now."""
    settings = prototxt.words(run.solver_text)
    for key in NETS:
        found = find(shelf, run, settings.get(key, ""))
        if found is not None:
            return found
    return None


def net_text(shelf: Shelf, run: Run) -> tuple[str, bool]:
    """The text of the net, and whether it is what the run had: what its log tells, or else what the
    net's file says now."""
    if run.net_text:
        return run.net_text, True
    found = net_file(shelf, run)
    try:
        if found is None or found.stat().st_size > MOST_TEXT:
            return "", False
        return textfile.printable(textfile.read_text(found)), False
    except (OSError, CaffeError):
        return "", False


def snapshots(shelf: Shelf, run: Run) -> list[Snapshot]:
    """The snapshots of a run, those of the shelf, by iteration; the best one last."""
    with run.lock:
        prefixes = set()
        if run.path.name.endswith(".jsonl"):
            prefixes.add(run.path.with_suffix(""))
        told = prototxt.words(run.solver_text).get("snapshot_prefix", "")
        prefixes |= set(places(shelf, run, told))
        for weights in run.snapshots:
            prefixes |= set(places(shelf, run, NUMBER.sub("", weights)))
        tests = _tests(run)
        named = {int(number[1]) for weights in run.snapshots if (number := NUMBER.search(weights))}
    found: dict[int | None, Snapshot] = {}
    for prefix in prefixes:
        _look(shelf, prefix, found)
    if not run.start:  # a log says which are its own: other trainings' may lie under its prefix
        found = {at: snapshot for at, snapshot in found.items() if at is None or at in named}
    best = best_score(run)
    for snapshot in found.values():
        at = best.best_at if snapshot.iteration is None and best else snapshot.iteration
        snapshot.scores = tuple(tests.get(at, {}).items()) if at is not None else ()
    return sorted(found.values(), key=lambda snap: (snap.iteration is None, snap.iteration or 0))


def _look(shelf: Shelf, prefix: Path, found: dict[int | None, Snapshot]) -> None:
    """Add what lies under a prefix."""
    if shelf.name(prefix.parent) is None:
        return
    try:
        with os.scandir(prefix.parent) as entries:
            for count, entry in enumerate(entries):
                if count > MOST_ENTRIES:
                    break
                ending = (ENDING.fullmatch(entry.name[len(prefix.name):])
                          if entry.name.startswith(prefix.name) else None)
                name = shelf.name(entry.path) if ending and entry.is_file() else None
                if not ending or name is None:
                    continue
                iteration = None if ending[2] else int(ending[1])
                snapshot = found.setdefault(iteration, Snapshot(iteration))
                told = entry.stat()
                kind = "weights" if ending[3] == "caffemodel" else "state"
                if not getattr(snapshot, kind):
                    setattr(snapshot, kind, name)
                    snapshot.size += told.st_size
                    snapshot.changed = max(snapshot.changed, told.st_mtime)
    except OSError:
        return


def _tests(run: Run) -> dict[int, dict[str, float]]:
    """Outputs of tests by iteration."""
    found: dict[int, dict[str, float]] = {}
    several = len({key.net for key, _ in run.curves.phase("test")}) > 1
    for key, curve in run.curves.phase("test"):
        name = f"{key.name} #{key.net}" if several else key.name
        for iteration, value in zip(curve.iterations, curve.values, strict=True):
            found.setdefault(int(iteration), {})[name] = value
    return found
