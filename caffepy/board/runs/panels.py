"""The charts of runs as plain data: which curves, in which panel, over what, smoothed, thinned."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from caffepy.board.runs import thinning
from caffepy.board.runs.curve import Curve, Key
from caffepy.board.runs.facts import images_of
from caffepy.board.runs.run import Run
from caffepy.services.log_lines import OF_CLASS
from caffepy.services.running_mean import running_mean

PANELS = {"loss": "Loss", "accuracy": "Test accuracy", "outputs": "Other outputs",
          "rate": "Learning rate", "speed": "Iterations a second"}
IMAGES = "Images a second"
POINTS = 1200    # of a curve that are drawn
PIECES = 80      # smoothed by itself, a curve's mean reaches over one part in so many of it
COLORS = 8       # that are told apart
MOST_CURVES = 60  # of a run
SMOOTHER = 0.6   # a curve whose way is shorter than so much of another's is its mean


@dataclass(frozen=True)
class View:
    """What is looked at.

    Attributes:
        over: "iterations" or "seconds".
        smooth: so many points are averaged; 0 leaves it to the curve's length, 1 is not at all.
        low, high: the part of the axis.
    """

    over: str = "iterations"
    smooth: int = 0
    low: float = -math.inf
    high: float = math.inf


@dataclass
class Line:
    """A curve to be drawn.

    Attributes:
        panel: of ``PANELS``.
        style: "line", "faint" (what was measured behind its mean), "dashed" (tests).
        color: below ``COLORS``.
    """

    panel: str
    label: str
    run: str
    style: str
    color: int
    curve: Curve
    factor: float = 1.0
    smooth: int = 1


def lines(runs: Sequence[Run], view: View) -> list[Line]:
    """The curves of runs that are ``held``; each run keeps its colour through all panels, and one
    alone has a colour for each curve of a panel."""
    alone = len(runs) == 1
    images = [images_of(run) for run in runs]
    found: list[Line] = []
    for index, run in enumerate(runs):
        label = "" if alone else f"{short(run.name, [other.name for other in runs])}: "
        own = list(_lines(run, view, alone, images[index] if all(images) else None))
        for line in own[:MOST_CURVES]:
            if not alone:
                line.color = index % COLORS
            line.label = label + line.label
            found.append(line)
    return found


def titles(runs: Sequence[Run]) -> dict[str, str]:
    """Panels by name with their titles; speed counts images where all runs tell how many."""
    images = all(images_of(run) for run in runs) and bool(runs)
    return {**PANELS, "speed": IMAGES if images else PANELS["speed"]}


def _lines(run: Run, view: View, alone: bool, images: int | None) -> Iterator[Line]:
    yield from _losses(run, view, alone)
    several = len({key.net for key, _ in run.curves.phase("test")}) > 1
    color = 0
    for key, curve in run.curves.phase("test"):
        if run.is_loss(key.name) or OF_CLASS.fullmatch(key.name):
            continue
        panel = "accuracy" if _is_part(curve) else "outputs"
        label = f"{key.name} #{key.net}" if several else key.name
        yield Line(panel, f"test {label}", run.name, "dashed", color % COLORS, curve)
        color += 1
    for key, curve in run.curves.phase("train"):
        if not run.is_loss(key.name) and not OF_CLASS.fullmatch(key.name):
            panel = "accuracy" if _is_part(curve) else "outputs"
            yield Line(panel, f"train {key.name}", run.name, "line", color % COLORS, curve,
                       smooth=_window(curve, view))
            color += 1
    rate, speed = run.curves.get(Key("rate")), run.curves.get(Key("speed"))
    if rate:
        yield Line("rate", "learning rate", run.name, "line", 0, rate)
    if speed:
        yield Line("speed", "images/s" if images else "iterations/s", run.name, "line", 0, speed,
                   factor=images or 1, smooth=view.smooth or 1)


def _losses(run: Run, view: View, alone: bool) -> Iterator[Line]:
    """The whole loss as measured and its mean, its parts where one run has several, tests."""
    total, own = run.curves.get(Key("total")), run.curves.get(Key("smoothed"))
    raw = total or own
    if raw:
        averaged = bool(total and own and view.smooth == 0
                        and _way(own) < SMOOTHER * _way(total))
        window = _window(raw, view)
        if averaged or window > 1:
            yield Line("loss", "train, as measured", run.name, "faint", 0, raw)
            mean = own if averaged and own else raw
            yield Line("loss", "train", run.name, "line", 0, mean, smooth=1 if averaged else window)
        else:
            yield Line("loss", "train", run.name, "line", 0, raw)
    parts = [(key, curve) for key, curve in run.curves.phase("train") if run.is_loss(key.name)]
    if alone and len(parts) > 1:
        for index, (key, curve) in enumerate(parts):
            yield Line("loss", f"train {key.name}", run.name, "line", (index + 2) % COLORS, curve,
                       smooth=_window(curve, view))
    tests = [(key, curve) for key, curve in run.curves.phase("test") if run.is_loss(key.name)]
    for index, (key, curve) in enumerate(tests):
        name = f"test {key.name}" if len({key.name for key, _ in tests}) > 1 else "test"
        if len({key.net for key, _ in tests}) > 1:
            name += f" #{key.net}"
        yield Line("loss", name, run.name, "dashed", (index + 1) % COLORS, curve)


def _window(curve: Curve, view: View) -> int:
    """How many points are averaged."""
    return view.smooth or max(len(curve) // PIECES, 1)


def _is_part(curve: Curve) -> bool:
    return all(0 <= value <= 1 for value in curve.values if math.isfinite(value))


def _way(curve: Curve) -> float:
    """The sum of a curve's ups and downs, without its first tenth, where losses fall."""
    import numpy as np

    values = np.array(curve.values[len(curve) // 10:])
    return float(np.abs(np.diff(values[np.isfinite(values)])).sum())


def points(line: Line, view: View, most: int | None = POINTS) -> tuple[Any, Any, Any]:
    """Iterations, seconds and values of a line in the view's part; thinned, if ``most`` says so."""
    iterations, seconds, values = line.curve.arrays()
    if line.smooth > 1:
        values = running_mean(values, line.smooth // 2)
    values = values * line.factor
    x = seconds if view.over == "seconds" else iterations
    part = thinning.within(x, view.low, view.high)
    iterations, seconds, values = iterations[part], seconds[part], values[part]
    if most is not None:
        kept = thinning.thinned(values, most)
        iterations, seconds, values = iterations[kept], seconds[kept], values[kept]
    return iterations, seconds, values


def charts(runs: Sequence[Run], view: View) -> list[dict[str, Any]]:
    """The panels that have something in them: ``{"key", "title", "curves": [{"label", "style",
    "color", "x", "y"}]}``, numbers of six digits."""
    names = titles(runs)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with held(runs):
        for line in lines(runs, view):
            iterations, seconds, values = points(line, view)
            x = seconds if view.over == "seconds" else iterations
            found[line.panel].append({
                "label": line.label, "style": line.style, "color": line.color,
                "x": [_short(value) for value in x.tolist()],
                "y": [_short(value) for value in values.tolist()]})
    return [{"key": key, "title": names[key], "curves": curves}
            for key, curves in found.items() if curves]


@contextmanager
def held(runs: Sequence[Run]) -> Iterator[None]:
    """Nothing new is read of the runs meanwhile."""
    with ExitStack() as stack:
        for run in sorted(runs, key=lambda run: run.name):  # in one order, whoever holds them
            stack.enter_context(run.lock)
        yield


def _short(value: float) -> float:
    return float(f"{value:.6g}") if abs(value) < 1e6 else value


def short(name: str, among: Sequence[str]) -> str:
    """What tells a name from others: without the folders that all share, and without the ending
    that all have."""
    folders = [other.split("/")[:-1] for other in among]
    shared = 0
    while all(len(one) > shared and one[shared] == folders[0][shared] for one in folders):
        shared += 1
    shown = "/".join(name.split("/")[shared:])
    endings = {other.rpartition(".")[2] for other in among}
    return shown.rpartition(".")[0] or shown if len(endings) == 1 and "." in shown else shown
