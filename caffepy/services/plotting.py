"""What a training measured, drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from caffepy.errors import DataError
from caffepy.services import curve_drawing, log_reading
from caffepy.services.curve_drawing import COLORS, Curve
from caffepy.services.log_lines import OF_CLASS
from caffepy.services.running_mean import running_mean

if TYPE_CHECKING:
    from caffepy.services.log_reading import Log, Row

PANELS = ("loss", "accuracy", "outputs", "rate")
TITLES = {"loss": "loss", "accuracy": "test accuracy", "outputs": "test outputs",
          "rate": "learning rate"}
HEIGHTS = {"loss": 3.4, "accuracy": 2.6, "outputs": 2.6, "rate": 1.5}  # inches
WIDTH = 10.0
SMOOTHER = 0.6  # a curve whose way is shorter than so much of another's is its mean
MOST_PIECES = 40  # a running mean is over one part in so many of the curve


@dataclass
class Picture:
    """The curves of each panel."""

    panels: dict[str, list[Curve]] = field(
        default_factory=lambda: {name: [] for name in PANELS})


def picture(logs: Sequence[tuple[str, Log]], axis: str) -> Picture:
    """What logs have to draw.

    Args:
        logs: each with its name in the legend.
        axis: "NumIters" or "Seconds".
    """
    result = Picture()
    alone = len(logs) == 1
    names = [name for name, _ in logs]
    for name, log in logs:
        before = "" if alone else f"{name}: "
        # a log keeps its colour through all panels; further curves of a panel take what is left
        colors = {panel: _Colors(names, name) for panel in PANELS}
        _losses(result.panels["loss"], log, axis, before, colors["loss"])
        for net, column, curve in _tests(log, axis):
            if log.is_loss(column):
                continue
            panel = "accuracy" if all(0 <= y <= 1 for y in curve.y) else "outputs"
            last = f"{curve.y[-1]:.2%}" if panel == "accuracy" else f"{curve.y[-1]:.4g}"
            curve.label = f"{before}{_of_net(column, net, log)}, last {last}"
            curve.color = colors[panel](f"{column} {net}", first=0 if not alone else 2)
            if OF_CLASS.fullmatch(column):  # behind the mean over them
                curve.faint, curve.dashed = True, False
            result.panels[panel].append(curve)
        rates = _curve(log.rates, axis, "LearningRate")
        if rates.x:
            rates.label = name
            rates.color = COLORS[6] if alone else colors["rate"]("")
            result.panels["rate"].append(rates)
    return result


class _Colors:
    """The colours of one log in one panel: the log's own, then others by what they are for."""

    def __init__(self, logs: Sequence[str], log: str) -> None:
        self._own = logs.index(log)
        self._step = len(logs)
        self._given: dict[str, int] = {}

    def __call__(self, what: str, first: int = 0) -> str:
        """The colour of what is called so; ``first`` shifts it by so many colours."""
        index = self._given.setdefault(what, len(self._given))
        return COLORS[(self._own + index * self._step + first) % len(COLORS)]


def _losses(panel: list[Curve], log: Log, axis: str, before: str, color: _Colors
            ) -> None:
    """The curves of the whole loss, of its parts where it has several, and of tests."""
    parts = [column for column in log_reading.columns(log.train)
             if column.partition("[")[0] in log.losses]
    several = len(parts) > 1
    whole, own = _curve(log.total, axis, "loss"), _curve(log.smoothed, axis, "loss")
    averaged = _way(own.y) < SMOOTHER * _way(whole.y)  # by average_loss
    _pair(panel, whole if averaged else own, own if averaged else None,
          f"{before}train{', sum' if several else ''}", color(""))
    if several:
        for column in parts:
            curve = _curve(log.train, axis, column)
            _pair(panel, curve, None, f"{before}train {column}", color(column), behind=False)
    for net, column, curve in _tests(log, axis):
        if log.is_loss(column):
            curve.label = f"{before}test {_of_net(column, net, log) if several else ''}".rstrip()
            if not several and len(set(log.nets)) > 1:
                curve.label += f" #{net}"
            curve.color = color(column if several else "" if before else "test")
            curve.dashed = True
            panel.append(curve)


def _way(values: Sequence[float]) -> float:
    """The sum of a curve's ups and downs, without its first tenth, where losses fall."""
    values = values[len(values) // 10 :]
    return sum(abs(b - a) for a, b in zip(values, values[1:], strict=False))


def _pair(panel: list[Curve], raw: Curve, smooth: Curve | None, label: str, color: str,
          behind: bool = True) -> None:
    """A curve as measured and, over it, smoothed; short ones need no smoothing."""
    if not raw.x:
        return
    raw.color = color
    smooth = smooth or smoothed(raw)
    if smooth is None:
        raw.label = label
        panel.append(raw)
        return
    if behind:
        raw.label, raw.faint = label, True
        panel.append(raw)
    smooth.label, smooth.color = f"{label}, smoothed" if behind else label, color
    panel.append(smooth)


def smoothed(curve: Curve) -> Curve | None:
    """The running mean around each point; None where a curve is too short for one."""
    reach = len(curve.x) // MOST_PIECES // 2
    if reach < 1:
        return None
    return Curve(curve.label, curve.x, running_mean(curve.y, reach).tolist(), curve.color)


def _tests(log: Log, axis: str) -> Iterable[tuple[int, str, Curve]]:
    """Test net, output and curve of all that was tested."""
    for net in sorted(set(log.nets)):
        rows = [row for row, of in zip(log.test, log.nets, strict=True) if of == net]
        for column in log_reading.columns(rows):
            curve = _curve(rows, axis, column) if column not in log_reading.KEYS else None
            if curve is not None and curve.x:
                curve.dashed = True
                yield net, column, curve


def _of_net(column: str, net: int, log: Log) -> str:
    return column if len(set(log.nets)) < 2 else f"{column} #{net}"


def _curve(rows: Sequence[Row], axis: str, column: str) -> Curve:
    """The points of a column. Where a resumed training goes over iterations anew, the later
    values count; what is no number is left out."""
    points: list[Row] = []
    for row in rows:
        while points and points[-1]["NumIters"] >= row["NumIters"]:
            points.pop()
        points.append(row)
    points = [row for row in points if math.isfinite(row.get(column, math.nan))]
    return Curve(column, [row[axis] for row in points], [row[column] for row in points])


def drawing(found: Picture, axis: str, title: str, show: Sequence[str]) -> Any:
    """The panels with something in them, one above the other over one axis.

    Raises:
        NotFound: matplotlib is not installed.
    """
    shown = [name for name in PANELS if name in show and found.panels[name]]
    curves = [curve for name in shown for curve in found.panels[name]]
    by, unit = curve_drawing.time_unit(curves) if axis == "Seconds" else (1.0, "")
    heights = [HEIGHTS[name] for name in shown]
    result = curve_drawing.figure(WIDTH, sum(heights) + 0.8)
    result.suptitle(curve_drawing.shortened(title, 90), fontsize=12, fontweight="bold")
    rows = result.subplots(len(shown), 1, sharex=True, squeeze=False, height_ratios=heights)
    for (axes,), name in zip(rows, shown, strict=True):
        panel = found.panels[name]
        for curve in panel:
            curve.x = [x / by for x in curve.x]
        curve_drawing.draw(axes, panel, marks=name != "rate")
        axes.set_ylabel(TITLES[name], fontsize=10)
        if name == "accuracy":
            curve_drawing.percent(axes.yaxis)
            low, high = axes.get_ylim()
            axes.set_ylim(max(low, -0.02), min(high, 1.02))
        else:
            curve_drawing.logarithmic(axes, panel, part=0.05 if name == "rate" else 0.5)
        if name == "rate" and len({curve.label for curve in panel}) == 1:
            axes.get_legend().remove()
    last = rows[-1][0]
    last.set_xlabel(f"training time ({unit})" if by and unit else "iterations", fontsize=10)
    if not unit:
        curve_drawing.thousands(last.xaxis)
    result.align_ylabels()
    return result


def plot(target: str, paths: Sequence[str], over: str = "iterations",
         show: Sequence[str] = PANELS, title: str = "") -> None:
    """Draw trainings into the file ``target``; its ending says the kind of picture.

    Args:
        paths: logs and .jsonl files.
        over: "iterations" or "seconds".
        show: which of ``PANELS``.

    Raises:
        ConfigError: no such kind of picture. NotFound: a log or matplotlib is not there.
        DataError: a file is no log, or has nothing to show.
    """
    curve_drawing.kind_of(target)
    axis = "Seconds" if over == "seconds" else "NumIters"
    names = curve_drawing.names_of(paths)
    logs = []
    for path, name in zip(paths, names, strict=True):
        log = log_reading.read(path)
        found = picture([(name, log)], axis)
        if not any(found.panels[part] for part in show):
            raise DataError("nothing to draw: the log has no display and no test of "
                            f"{' or '.join(TITLES[part] for part in show)}", where=path)
        logs.append((name, log))
    figure = drawing(picture(logs, axis), axis, title or ", ".join(names), show)
    curve_drawing.save(figure, target)
