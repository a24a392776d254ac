"""The report's file: what a board shows of runs, with all that it needs inside.

Nothing in it leads anywhere: its Content-Security-Policy lets no address be asked, and of scripts
and styles it takes those alone whose digests it names. The data stand in it as JSON.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from markupsafe import Markup

from caffepy.board import answers, templating
from caffepy.board.report import results
from caffepy.board.runs import beside, panels, sheet, sketch, table
from caffepy.board.runs.facts import facts
from caffepy.board.runs.library import Library
from caffepy.board.runs.panels import View
from caffepy.board.runs.run import Run
from caffepy.board.shelf import Shelf
from caffepy.board.static_parts import FOLDER as STATIC
from caffepy.errors import CaffeError, ConfigError, NotFound
from caffepy.proto import caffe_pb2, text
from caffepy.proto.files import atomic_write
from caffepy.services import work

SCRIPTS = ("uplot/uPlot.iife.min.js", "curves.js", "runs.js")
STYLES = ("uplot/uPlot.min.css", "board.css")
MOST = 16           # runs of one report
MOST_DRAWN = 400    # layers of a net; a drawing of more is no help on a page


@dataclass(frozen=True)
class Part:
    """A script or a style, and its digest for the Content-Security-Policy."""

    content: Markup
    digest: str


def write(target: str, paths: Sequence[str], results_folder: str | None = None) -> list[str]:
    """Write the report on runs.

    Args:
        target: the file, .html.
        paths: logs and .jsonl files; a folder stands for the run in it that changed last.
        results_folder: what ``caffepy test -report`` wrote; by default the newest such folder
            beside the runs.

    Returns: the paths of the runs that it is about.

    Raises:
        NotFound: a path is not there, or a folder has no run. DataError: it is no log. ConfigError:
        too many.
    """
    page, told = made(paths, results_folder)
    with atomic_write(target) as file:
        file.write(page.encode())
    return told


def made(paths: Sequence[str], results_folder: str | None = None) -> tuple[str, list[str]]:
    """The report's text, and the paths of its runs; see ``write``."""
    if not 0 < len(paths) <= MOST:
        raise ConfigError(f"a report is about 1 to {MOST} runs", found=len(paths))
    files = list(dict.fromkeys(_file(path) for path in paths))
    shelf = Shelf(list(dict.fromkeys([*(str(file.parent) for file in files), "."])))
    library = Library(shelf)
    runs = []
    for file in files:
        name = shelf.name(file)
        assert name is not None
        runs.append(library.read(name, float("inf")))
    charts = {over: panels.charts(runs, View(over=over)) for over in ("iterations", "seconds")}
    for chart in (chart for over in charts.values() for chart in over):
        chart["words"] = sketch.words(chart)
    scripts, styles = [_part(name) for name in SCRIPTS], [_part(name) for name in STYLES]
    names = [run.name for run in runs]
    title = runs[0].path.name if len(runs) == 1 else ", ".join(
        panels.short(name, names) for name in names)
    found = sheet.sheet(shelf, runs)
    return templating.environment().get_template("report/report.html").render(
        title=title, rows=[table.row(facts(run), run) for run in runs], runs=names,
        url=None, fixed=True, charts=charts["iterations"], policy=_policy(scripts, styles),
        scripts=[part.content for part in scripts], styles=[part.content for part in styles],
        data=Markup(answers.json_text(charts).replace("<", "\\u003c")),
        sketches={chart["key"]: sketch.chart(chart) for chart in charts["iterations"]},
        words={chart["key"]: chart["words"] for chart in charts["iterations"]},
        view=View(), smooths=(), logs=(), low="", high="", csv="", date=time.time(),
        drawings=_drawings(shelf, runs, found["labels"]),
        results=results.told(files, results_folder), **found), [str(file) for file in files]


def _file(path: str) -> Path:
    """The file of a run that was named; of a folder the one that changed last."""
    if not Path(path).is_dir():
        if not Path(path).is_file():
            raise NotFound("there is no such run", where=path,
                           fix="Name a log, or the .jsonl that 'caffepy train' wrote.")
        return Path(path).absolute()
    shelf = Shelf([path])
    for found in Library(shelf).found():
        return found.path
    raise NotFound("the folder has no training's log and no .jsonl of measurements", where=path)


def _part(name: str) -> Part:
    content = (STATIC / name).read_text(encoding="utf-8")
    if "</s" in content.lower():
        raise AssertionError(f"{name} would end its own element")
    digest = b64encode(sha256(content.encode()).digest()).decode()
    return Part(Markup(content), f"'sha256-{digest}'")


def _policy(scripts: Sequence[Part], styles: Sequence[Part]) -> str:
    return ("default-src 'none'; img-src data: blob:; base-uri 'none'; form-action 'none'; "
            f"script-src {' '.join(part.digest for part in scripts)}; "
            f"style-src {' '.join(part.digest for part in styles)}")


def _drawings(shelf: Shelf, runs: Sequence[Run], labels: Sequence[str]) -> list[dict[str, str]]:
    """The nets of the runs, each once, with the runs that have it."""
    found: dict[str, dict[str, str]] = {}
    for run, label in zip(runs, labels, strict=True):
        net, _ = beside.net_text(shelf, run)
        address = _drawing(net)
        if address:
            entry = found.setdefault(address, {"address": address, "runs": ""})
            entry["runs"] = ", ".join(filter(None, [entry["runs"], label]))
    return list(found.values())


def _drawing(net: str) -> str:
    """A net drawn, as the address of a picture; "" for what cannot be drawn. As a picture it cannot
    run anything, whatever its layers are called."""
    from caffepy.draw import draw_net

    param: Any = caffe_pb2.NetParameter()
    try:
        with work.quiet():
            text.parse(net, param)
            if not 0 < len(param.layer or param.layers) <= MOST_DRAWN:
                return ""
            drawn = draw_net(param, "TB", "svg", caffe_pb2.TRAIN, shapes=False)
    except CaffeError:
        return ""
    return data_address(drawn, "image/svg+xml")


def data_address(content: bytes, kind: str) -> str:
    """Bytes as an address that holds them."""
    return f"data:{kind};base64,{b64encode(content).decode()}"
