"""plot_training_log: curves of one or several training logs, as PNG, SVG or PDF.

    plot_training_log 6 loss.png a.log b.log

A blob of several values, or several losses, give a line each. Needs matplotlib.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from caffepy.cli import gflags
from caffepy.errors import ConfigError, DataError, NotFound
from caffepy.proto.files import atomic_path
from caffepy.tools import parse_log

if TYPE_CHECKING:
    from caffepy.tools.parse_log import Log, Row

FORMATS = ("png", "svg", "pdf")
DOTS_PER_INCH = 150
SIZE = (8.0, 5.0)  # inches
FEW = 60  # points up to which each is marked


@dataclass(frozen=True)
class Chart:
    """What is drawn over what."""

    y: str
    x: str

    @property
    def title(self) -> str:
        return f"{self.y} vs. {self.x}"


CHARTS = tuple(
    Chart(y, x)
    for y in ("Test accuracy", "Test loss", "Train learning rate", "Train loss")
    for x in ("Iters", "Seconds")
)
AXES = {"Iters": "NumIters", "Seconds": "Seconds"}
X_LABELS = {"Iters": "Iterations", "Seconds": "Training time (seconds)"}


@dataclass(frozen=True)
class Curve:
    """One line of a chart."""

    label: str
    x: list[float]
    y: list[float]


def curves(chart: Chart, log: Log, name: str) -> list[Curve]:
    """What a log has for a chart.

    Args:
        name: of the log, in the legend.
    """
    phase, _, what = chart.y.partition(" ")
    rows: Sequence[Row] = {"Test": log.test, "Train": log.train}[phase]
    if what == "learning rate":
        rows, names = log.rates, ["LearningRate"]
    else:
        outputs = [column for column in parse_log.columns(rows) if column not in parse_log.KEYS]
        names = [column for column in outputs if _is_loss(column, log) == (what == "loss")]
    axis = AXES[chart.x]
    found = []
    for column in names:
        points = [(row[axis], row[column]) for row in rows if column in row]
        label = name if len(names) == 1 else f"{name}: {column}"
        found.append(Curve(label, [x for x, _ in points], [y for _, y in points]))
    return [curve for curve in found if curve.x]


def _is_loss(column: str, log: Log) -> bool:
    return column.partition("[")[0] in log.losses or "loss" in column.lower()


def figure(chart: Chart, lines: Sequence[Curve]) -> Any:
    """The drawing, a matplotlib Figure that belongs to no window.

    Raises:
        NotFound: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NotFound("plots need matplotlib, which is not installed",
                       fix="Run 'pip install \"caffepy[plot]\"'.") from error
    drawing = Figure(figsize=SIZE, layout="constrained")
    axes = drawing.add_subplot()
    for line in lines:
        axes.plot(line.x, line.y, label=line.label, linewidth=1.5,
                  marker="o" if len(line.x) <= FEW else None, markersize=3.5)
    axes.set_title(chart.title)
    axes.set_xlabel(X_LABELS[chart.x])
    axes.set_ylabel(chart.y)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.02)
    axes.legend(frameon=False, fontsize="small")
    return drawing


def plot(chart_type: int, target: str, logs: Sequence[str]) -> None:
    """Draw a chart of ``logs`` into the file ``target``; its ending says the kind of picture.

    Raises:
        ConfigError: no such chart, or no such kind of picture. NotFound: a log or matplotlib is
        not there. DataError: a log has nothing for this chart.
    """
    if not 0 <= chart_type < len(CHARTS):
        raise ConfigError("unknown chart type", found=chart_type, allowed=menu())
    kind = os.path.splitext(target)[1][1:].lower()
    if kind not in FORMATS:
        raise ConfigError("the picture's name must end in its kind", found=target,
                          allowed=", ".join(f".{name}" for name in FORMATS))
    chart = CHARTS[chart_type]
    lines = []
    names = _names(logs)
    for path, name in zip(logs, names, strict=True):
        log = parse_log.read(path)
        found = curves(chart, log, name)
        if not found:
            has = [c for c in parse_log.columns(log.train + log.test) if c not in parse_log.KEYS]
            raise DataError(f"the log has nothing for '{chart.title}'", where=path,
                            found=f"outputs {', '.join(has)}" if has else "no outputs")
        lines += found
    drawing = figure(chart, lines)
    with atomic_path(target) as beside:
        # without a date, the same logs give the same file
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        drawing.savefig(beside, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)


def _names(logs: Sequence[str]) -> list[str]:
    """What the logs are called in the legend: their file names where these differ."""
    short = [os.path.basename(path) for path in logs]
    return short if len(set(short)) == len(short) else list(logs)


def menu() -> str:
    """The chart types, in words."""
    return "; ".join(f"{number} {chart.title}" for number, chart in enumerate(CHARTS))


@gflags.command(
    "plot_training_log",
    help=f"Draw the curves of training logs. CHART_TYPE is a number: {menu()}. SAVE is the picture "
    "to make, .png, .svg or .pdf.",
)
@click.argument("chart_type")
@click.argument("save")
@click.argument("logs", nargs=-1, required=True)
def main(chart_type: str, save: str, logs: tuple[str, ...]) -> None:
    if not chart_type.isdigit():
        raise ConfigError("the chart type is a number", found=repr(chart_type), allowed=menu())
    plot(int(chart_type), save, logs)


if __name__ == "__main__":
    main()
