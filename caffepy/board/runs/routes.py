"""The views of runs."""

from __future__ import annotations

import math
from time import perf_counter

from caffepy.board.answers import Answer, csv, json, page
from caffepy.board.asking import Ask
from caffepy.board.routes import get
from caffepy.board.runs import panels, sheet, sketch, table
from caffepy.board.runs.facts import facts
from caffepy.board.runs.library import Library
from caffepy.board.runs.panels import View
from caffepy.board.runs.run import Run
from caffepy.errors import CaffeError, ConfigError

BUDGET = 0.6  # seconds of one request for reading what is new
MOST = 16     # runs over each other
SMOOTH = (0, 1, 5, 10, 20, 50, 100, 200, 500, 1000)


@get("/")
def listed(ask: Ask) -> Answer:
    """All runs; those changed last are read first."""
    library = ask.one(Library)
    until = perf_counter() + BUDGET
    rows = []
    for found in library.found():
        try:
            run = library.run(found.name)
            if perf_counter() < until:
                library.read(found.name, until - perf_counter())
        except CaffeError:  # gone since the folders were looked through
            continue
        row = facts(run)
        if row.state:
            rows.append(table.row(row, run))
    return page("runs/runs.html", ask, title="Runs", rows=rows)


@get("/run")
def shown(ask: Ask) -> Answer:
    """One run, or several over each other."""
    runs, view = asked(ask), view_of(ask)
    title = runs[0].name if len(runs) == 1 else f"{len(runs)} runs"
    # a page that renews itself has its curves from run.json
    charts = [] if ask.text("part") else panels.charts(runs, view)
    return page(
        "runs/run.html", ask, title=title, runs=[run.name for run in runs], view=view,
        rows=[table.row(facts(run), run) for run in runs], smooths=SMOOTH, charts=charts,
        words={chart["key"]: sketch.words(chart) for chart in charts},
        sketches={chart["key"]: sketch.chart(chart) for chart in charts},
        logs=[axis for axis in ("logx", "logy") if ask.text(axis)],
        low=_edge(view.low), high=_edge(view.high), csv=address(ask, "/run.csv"),
        **sheet.sheet(ask.shelf, runs))


@get("/run.json")
def measured(ask: Ask) -> Answer:
    """The curves as plain data; of what the asker has already (``state``) only that it is so."""
    runs, view = asked(ask), view_of(ask)
    state = "-".join(f"{id(run) & 0xffff:x}.{run.state}" for run in runs)
    part = min(run.part_read for run in runs)
    if state == ask.text("state"):
        return json({"state": state, "same": True, "part_read": part})
    charts = panels.charts(runs, view)
    for chart in charts:
        chart["words"] = sketch.words(chart)
    return json({"state": state, "part_read": part, "charts": charts})


@get("/run.csv")
def points(ask: Ask) -> Answer:
    """All points of what is looked at, none left out."""
    runs, view = asked(ask), view_of(ask)
    rows: list[tuple[object, ...]] = []
    with panels.held(runs):
        for line in panels.lines(runs, view):
            label = line.label if len(runs) == 1 else line.label.partition(": ")[2]
            rows += [(line.run, line.panel, label, *point)
                     for point in zip(*(part.tolist() for part in panels.points(line, view, None)),
                                      strict=True)]
    return csv("curves.csv", ("run", "chart", "curve", "iteration", "seconds", "value"), rows)


def asked(ask: Ask) -> list[Run]:
    """The runs of a request, with what is new in their files.

    Raises:
        ConfigError: none is named, or too many. NotFound, DataError: see ``Library.read``.
    """
    names = list(dict.fromkeys(ask.texts("run")))
    if not 0 < len(names) <= MOST:
        raise ConfigError(f"between 1 and {MOST} runs can be shown", found=len(names),
                          fix="Tick them in the list of runs.")
    library = ask.one(Library)
    until = perf_counter() + BUDGET
    return [library.read(name, max(until - perf_counter(), 0.0)) for name in names]


def view_of(ask: Ask) -> View:
    """What is looked at."""
    return View(ask.choice("over", "iterations", "seconds"), ask.whole("smooth", 0, 0, 100000),
                ask.number("from", -math.inf, -1e18, 1e18), ask.number("to", math.inf, -1e18, 1e18))


def address(ask: Ask, path: str) -> str:
    """Another view of the same runs and the same part."""
    return ask.url(path, run=ask.texts("run"), **{
        key: ask.text(key) or None for key in ("over", "smooth", "from", "to")})


def _edge(value: float) -> str:
    return f"{value:g}" if math.isfinite(value) else ""
