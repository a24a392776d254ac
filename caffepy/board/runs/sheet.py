"""What a page tells of runs below their curves: tests, snapshots, settings and where they
differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from caffepy.board import words
from caffepy.board.runs import beside, panels, prototxt
from caffepy.board.runs.run import Run
from caffepy.board.shelf import Shelf
from caffepy.services.log_lines import OF_CLASS

TESTS = 12        # that are listed, the last
SNAPSHOTS = 50
OUTPUTS = 8       # columns of a table
PLACES = ("snapshot_prefix",)  # settings that say where, not how


@dataclass(frozen=True)
class Settings:
    """A run's solver and net as text. ``net_now`` says that the net is what its file says today;
    ``net_name`` is the file's name on the shelf, or None."""

    run: str
    solver: str
    net: str
    net_now: bool
    net_name: str | None


def sheet(shelf: Shelf, runs: Sequence[Run]) -> dict[str, Any]:
    """All of it, for the template."""
    names = [run.name for run in runs]
    labels = [panels.short(name, names) for name in names]
    told = [_settings(shelf, run) for run in runs]
    solver = prototxt.differences([prototxt.words(one.solver) for one in told], PLACES)
    net = prototxt.differences([prototxt.words(one.net) for one in told])
    return {
        "labels": labels,
        "settings": told,
        "silent": [one.run for one in told if not one.solver],
        "differences": solver + net if len(runs) > 1 else [],
        "net_now": any(one.net_now for one in told),
        "tests": [{"label": label, **tests(run)}
                  for label, run in zip(labels, runs, strict=True)],
        "snapshots": [{"label": label, "net": one.net_name, **_snapshots(shelf, run)}
                      for label, one, run in zip(labels, told, runs, strict=True)],
    }


def _settings(shelf: Shelf, run: Run) -> Settings:
    net, was = beside.net_text(shelf, run)
    file = beside.net_file(shelf, run)
    return Settings(run.name, run.solver_text, net, bool(net) and not was,
                    shelf.name(file) if file is not None else None)


def tests(run: Run) -> dict[str, Any]:
    """The last tests: ``heading`` and ``rows`` of words, and how many there are."""
    with run.lock:
        found = [(key, curve) for key, curve in run.curves.phase("test")
                 if not OF_CLASS.fullmatch(key.name)][:OUTPUTS]
        several = len({key.net for key, _ in found}) > 1
        table: dict[float, dict[int, str]] = {}
        count = max((len(curve) for _, curve in found), default=0)
        for column, (_, curve) in enumerate(found):
            for iteration, value in zip(curve.iterations[-TESTS:], curve.values[-TESTS:],
                                        strict=True):
                table.setdefault(iteration, {})[column] = words.number(value)
    heading = [f"{key.name} #{key.net}" if several else key.name for key, _ in found]
    rows = [(words.number(int(iteration)), [table[iteration].get(column, "")
                                            for column in range(len(found))])
            for iteration in sorted(table, reverse=True)[:TESTS]]
    return {"heading": heading, "rows": rows, "count": count}


def _snapshots(shelf: Shelf, run: Run) -> dict[str, Any]:
    """The snapshots: ``heading`` of scores and ``rows``, the newest first."""
    found = beside.snapshots(shelf, run)
    names = list(dict.fromkeys(name for snapshot in found for name, _ in snapshot.scores))[:OUTPUTS]
    rows = []
    for snapshot in reversed(found[-SNAPSHOTS:]):
        scores = dict(snapshot.scores)
        rows.append({
            "iteration": ("best" if snapshot.iteration is None
                          else words.number(snapshot.iteration)),
            "weights": snapshot.weights, "state": snapshot.state,
            "size": words.size(snapshot.size), "changed": snapshot.changed,
            "scores": [words.number(scores.get(name)) for name in names]})
    return {"heading": names, "rows": rows, "count": len(found)}
