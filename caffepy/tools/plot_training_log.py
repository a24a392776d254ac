"""plot_training_log: curves of one or several training logs, as PNG, SVG or PDF.

    plot_training_log 6 loss.png a.log b.log

A blob of several values, or several losses, give a line each. Logs may be .jsonl files of train's,
too. Needs matplotlib. ``caffepy plot`` draws loss, accuracy and rate in one picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from caffepy.cli import gflags
from caffepy.errors import ConfigError, DataError
from caffepy.tools import _curves, parse_log
from caffepy.tools._curves import Curve

if TYPE_CHECKING:
    from caffepy.tools.parse_log import Log, Row

WIDTH, HEIGHT = 9.0, 5.0  # inches


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
        names = [column for column in outputs if log.is_loss(column) == (what == "loss")]
    axis = AXES[chart.x]
    found = []
    for column in names:
        points = [(row[axis], row[column]) for row in rows if column in row]
        label = name if len(names) == 1 else f"{name}: {column}"
        found.append(Curve(label, [x for x, _ in points], [y for _, y in points]))
    return [curve for curve in found if curve.x]


def figure(chart: Chart, lines: Sequence[Curve]) -> Any:
    """The drawing, a matplotlib Figure that belongs to no window.

    Raises:
        NotFound: matplotlib is not installed.
    """
    drawing = _curves.figure(WIDTH, HEIGHT)
    axes = drawing.add_subplot()
    for index, line in enumerate(lines):
        line.color = _curves.COLORS[index % len(_curves.COLORS)]
    _curves.draw(axes, lines, marks=chart.y != "Train learning rate")
    axes.set_title(chart.title, fontsize=12, fontweight="bold")
    axes.set_xlabel(X_LABELS[chart.x], fontsize=10)
    axes.set_ylabel(chart.y, fontsize=10)
    if chart.x == "Iters":
        _curves.thousands(axes.xaxis)
    if chart.y == "Test accuracy":
        if all(0 <= y <= 1 for line in lines for y in line.y):
            _curves.percent(axes.yaxis)
    else:
        _curves.logarithmic(axes, lines, part=0.05 if "rate" in chart.y else 0.5)
    return drawing


def plot(chart_type: int, target: str, logs: Sequence[str]) -> None:
    """Draw a chart of ``logs`` into the file ``target``; its ending says the kind of picture.

    Raises:
        ConfigError: no such chart, or no such kind of picture. NotFound: a log or matplotlib is
        not there. DataError: a log has nothing for this chart.
    """
    if not 0 <= chart_type < len(CHARTS):
        raise ConfigError("unknown chart type", found=chart_type, allowed=menu())
    _curves.kind_of(target)
    chart = CHARTS[chart_type]
    lines = []
    names = _curves.names_of(logs)
    for path, name in zip(logs, names, strict=True):
        log = parse_log.read(path)
        found = curves(chart, log, name)
        if not found:
            has = [c for c in parse_log.columns(log.train + log.test) if c not in parse_log.KEYS]
            raise DataError(f"the log has nothing for '{chart.title}'", where=path,
                            found=f"outputs {', '.join(has)}" if has else "no outputs")
        lines += found
    _curves.save(figure(chart, lines), target)


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
