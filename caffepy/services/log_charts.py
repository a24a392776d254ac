"""The curves of training logs, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from caffepy.errors import ConfigError, DataError
from caffepy.services import curve_drawing, log_reading
from caffepy.services.curve_drawing import Curve

if TYPE_CHECKING:
    from caffepy.services.log_reading import Log, Row

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
        outputs = [column for column in log_reading.columns(rows) if column not in log_reading.KEYS]
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
    drawing = curve_drawing.figure(WIDTH, HEIGHT)
    axes = drawing.add_subplot()
    for index, line in enumerate(lines):
        line.color = curve_drawing.COLORS[index % len(curve_drawing.COLORS)]
    curve_drawing.draw(axes, lines, marks=chart.y != "Train learning rate")
    axes.set_title(chart.title, fontsize=12, fontweight="bold")
    axes.set_xlabel(X_LABELS[chart.x], fontsize=10)
    axes.set_ylabel(chart.y, fontsize=10)
    if chart.x == "Iters":
        curve_drawing.thousands(axes.xaxis)
    if chart.y == "Test accuracy":
        if all(0 <= y <= 1 for line in lines for y in line.y):
            curve_drawing.percent(axes.yaxis)
    else:
        curve_drawing.logarithmic(axes, lines, part=0.05 if "rate" in chart.y else 0.5)
    return drawing


def plot(chart_type: int, target: str, logs: Sequence[str]) -> None:
    """Draw a chart of ``logs`` into the file ``target``; its ending says the kind of picture.

    Raises:
        ConfigError: no such chart, or no such kind of picture. NotFound: a log or matplotlib is
        not there. DataError: a log has nothing for this chart.
    """
    if not 0 <= chart_type < len(CHARTS):
        raise ConfigError("unknown chart type", found=chart_type, allowed=menu())
    curve_drawing.kind_of(target)
    chart = CHARTS[chart_type]
    lines = []
    names = curve_drawing.names_of(logs)
    for path, name in zip(logs, names, strict=True):
        log = log_reading.read(path)
        found = curves(chart, log, name)
        if not found:
            has = [c for c in log_reading.columns(log.train + log.test)
                   if c not in log_reading.KEYS]
            raise DataError(f"the log has nothing for '{chart.title}'", where=path,
                            found=f"outputs {', '.join(has)}" if has else "no outputs")
        lines += found
    curve_drawing.save(figure(chart, lines), target)


def menu() -> str:
    """The chart types, in words."""
    return "; ".join(f"{number} {chart.title}" for number, chart in enumerate(CHARTS))
