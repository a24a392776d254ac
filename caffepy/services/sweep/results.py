"""What the runs of a sweep came to: one table, as text and as .csv, and one picture."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from caffepy.columns import columns
from caffepy.errors import ConfigError, did_you_mean
from caffepy.services import curve_drawing
from caffepy.services.curve_drawing import COLORS, Curve
from caffepy.services.sweep.plan import PREFIX, Run, short
from caffepy.solvers import keep, measurements

TRAINING = "training loss"  # what is gone by where there are no tests
DRAWN = 12  # runs, the best ones
LABEL = 64  # letters in the legend; more where the values alone have as many
DASHES = ("-", (0, (4, 2)), (0, (1, 1.5)))  # of each round of colours


@dataclass
class Outcome:
    """What one run came to so far.

    Attributes:
        iterations: how far it has come.
        last, best: the metric of its last and of its best test; None without any.
        best_iteration: after which the best test was.
        seconds: of all its parts; ``speed``: items a second, 0 where it is not known.
        curve: iterations and values of the metric; ``loss``: of the smoothed training loss.
    """

    run: Run
    finished: bool
    iterations: int = 0
    last: float | None = None
    best: float | None = None
    best_iteration: int = 0
    seconds: float = 0.0
    speed: float = 0.0
    curve: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    loss: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))


@dataclass
class Results:
    """What all runs came to.

    Attributes:
        metric: what they are compared by; ``sign``: 1 if more of it is better, -1 if less.
        outcomes: in the order of the runs.
    """

    metric: str
    sign: int
    outcomes: list[Outcome]

    @property
    def ranked(self) -> list[Outcome]:
        """The best first; those without a number at the end."""
        return sorted(self.outcomes, key=lambda one: (
            one.best is None, -self.sign * (one.best or 0.0)))

    def lines(self) -> list[str]:
        """The table, the best first."""
        names = short([name for name, _ in self.outcomes[0].run.values])
        rows = [[*names, "iterations", f"best {self.metric}", "after", "last", "seconds", ""]]
        for one in self.ranked:
            rows.append([
                *(value for _, value in one.run.values), str(one.iterations), _said(one.best),
                str(one.best_iteration) if one.best is not None else "-", _said(one.last),
                f"{one.seconds:.0f}", "" if one.finished else "not finished"])
        return columns(rows, right=range(len(names), len(rows[0]) - 1))

    def sentence(self) -> str:
        """The first run's numbers in a few words."""
        one = self.outcomes[0]
        return (f"{self.metric} {_said(one.last)}, best {_said(one.best)} after "
                f"{one.best_iteration} iterations" if one.best is not None else "")

    def csv(self) -> bytes:
        """The same in the order of the runs, with whole names and all digits."""
        target = io.StringIO()
        writer = csv.writer(target, lineterminator="\n")
        names = [name for name, _ in self.outcomes[0].run.values]
        writer.writerow([*names, "folder", "finished", "iterations", "metric", "best",
                         "best_iteration", "last", "seconds", "items_per_second"])
        for one in self.outcomes:
            writer.writerow([
                *(value for _, value in one.run.values), one.run.folder, int(one.finished),
                one.iterations, self.metric, _cell(one.best),
                one.best_iteration if one.best is not None else "", _cell(one.last),
                f"{one.seconds:.3f}", f"{one.speed:.6g}"])
        return target.getvalue().encode("utf-8", "surrogateescape")

    def draw(self, target: str, title: str) -> None:
        """The metric and the training loss of each run over iterations, of the best DRAWN runs.

        Raises:
            NotFound: matplotlib is not installed. ConfigError: no such kind of picture.
        """
        shown = [one for one in self.ranked if one.curve[0] or one.loss[0]][:DRAWN]
        panels = [(self.metric, "curve")] * any(one.curve[0] for one in shown) + [
            (TRAINING, "loss")] * any(one.loss[0] for one in shown)
        if len(panels) == 2 and self.metric == TRAINING:
            panels = panels[1:]
        figure = curve_drawing.figure(11, 3.2 * max(len(panels), 1) + 0.6)
        figure.suptitle(curve_drawing.shortened(title, 90), fontsize=12, fontweight="bold")
        rows = figure.subplots(max(len(panels), 1), 1, sharex=True, squeeze=False)
        labels = _labels(shown, self.outcomes)
        for (axes,), (name, which) in zip(rows, panels, strict=False):
            curves = []
            for one, label, color in zip(shown, labels, cycle(COLORS), strict=False):
                x, y = getattr(one, which)
                curves.append(Curve(label, x, y, color))
            curve_drawing.draw(axes, curves, longest=2 * LABEL)
            for number, line in enumerate(axes.lines):
                line.set_linestyle(DASHES[number // len(COLORS) % len(DASHES)])
            if panels.index((name, which)):  # the first panel's names are those of all
                axes.get_legend().remove()
            axes.set_ylabel(name, fontsize=10)
            curve_drawing.logarithmic(axes, curves)
        curve_drawing.thousands(rows[-1][0].xaxis)
        rows[-1][0].set_xlabel("iterations", fontsize=10)
        figure.align_ylabels()
        curve_drawing.save(figure, target)


def results(runs: Sequence[Run], metric: str = "") -> Results:
    """Read what the runs have measured.

    Args:
        metric: an output of the first test net, "max:NAME" or "min:NAME"; "": the first that
            scores, else the loss of tests, else that of training.

    Raises:
        ConfigError: no run has that output, or it is not known whether more of it is better.
    """
    read = [_lines(run) for run in runs]
    found = [run.result() for run in runs]
    better: dict[str, int] = {}
    for result in found:
        better.update((result or {}).get("better", {}))
    for lines in read:  # of runs that are not finished: losses are known by their weights
        for line in lines:
            if line["type"] == "test":
                better.update((name, -1) for name in line["weights"] if name not in better)
    name, sign = _metric(metric, better, read)
    return Results(name, sign, [
        _outcome(run, result, lines, name, sign)
        for run, result, lines in zip(runs, found, read, strict=True)])


def _labels(shown: Sequence[Outcome], outcomes: Sequence[Outcome]) -> list[str]:
    """What the legend calls these of all runs: the best test, and the values that vary.

    A value is never cut as long as there is room; it is the fields' names that get shorter.
    """
    values = [[value for _, value in one.run.values] for one in outcomes]
    names = short([name for name, _ in outcomes[0].run.values])
    vary = [i for i in range(len(names)) if len({row[i] for row in values}) > 1] or [0]
    longest = max(sum(len(row[i]) for i in vary) for row in values) + len("-0.00000  ")
    room = max((LABEL - longest) // len(vary) - len(" , "), 5)
    words = {i: curve_drawing.shortened(names[i], room) for i in vary}
    return [f"{_said(one.best)}  " + ", ".join(
        f"{word} {one.run.values[i][1]}" for i, word in words.items()) for one in shown]


def _metric(asked: str, better: dict[str, int], read: Sequence[list[measurements.Line]]
            ) -> tuple[str, int]:
    words = asked.split(":")
    if asked:
        name = words[-1].strip()
        known = {output for lines in read for line in lines if line["type"] == "test"
                 for output in line["outputs"]}
        if known and name not in known:
            raise ConfigError("no test has this output", where="flag 'metric'", found=name,
                              allowed=", ".join(sorted(known)), fix=did_you_mean(name, known))
        sign = {"max": 1, "min": -1}.get(words[0].strip()) if len(words) == 2 else better.get(name)
        if sign is None and known:
            raise ConfigError(f"it is not known whether more or less of {name} is better",
                              where="flag 'metric'", fix=f"Write max:{name} or min:{name}.")
        return name, sign or 1
    return max(better.items(), key=lambda item: item[1], default=(TRAINING, -1))


def _lines(run: Run) -> list[measurements.Line]:
    try:
        return measurements.read(run.path(PREFIX + measurements.ENDING))
    except OSError:
        return []


def _outcome(run: Run, result: dict[str, Any] | None, lines: Sequence[measurements.Line],
             metric: str, sign: int) -> Outcome:
    found = Outcome(run, result is not None)
    for line in lines:
        found.iterations = max(found.iterations, line["iter"])
        found.seconds = max(found.seconds, line["seconds"])
        if line["type"] == "train" and line.get("smoothed_loss") is not None:
            found.loss[0].append(line["iter"])
            found.loss[1].append(line["smoothed_loss"])
        value = line.get("outputs", {}).get(metric) if line["type"] == "test" else (
            line.get("smoothed_loss") if metric == TRAINING else None)
        if line["type"] == "test" and line["net"] or isinstance(value, list) or value is None:
            continue
        found.curve[0].append(line["iter"])
        found.curve[1].append(value)
        found.last = value
        if line["iter"] and (found.best is None or sign * (value - found.best) > 0):
            found.best, found.best_iteration = value, line["iter"]
    snaps = [] if result else keep.find(run.path(PREFIX))
    found.iterations = max([found.iterations, *(snap.iter for snap in snaps)])
    if result:
        found.iterations = result["iterations"]
    if result and result["training_seconds"]:
        found.speed = result["items"] / result["training_seconds"]
    return found


def _said(value: float | None) -> str:
    return "-" if value is None or not math.isfinite(value) else f"{value:.5g}"


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"


def write(found: Results, out: str, title: str) -> list[str]:
    """Write sweep.csv and, where matplotlib is there, sweep.png into the folder.

    Returns: their paths.
    """
    from caffepy.errors import NotFound
    from caffepy.proto.files import atomic_write

    table, picture = (os.path.join(out, f"sweep.{kind}") for kind in ("csv", "png"))
    with atomic_write(table) as file:
        file.write(found.csv())
    try:
        found.draw(picture, title)
    except NotFound:  # plots are an extra
        return [table]
    return [table, picture]
