"""How rate, momentum and weight decay will go, drawn before a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

from caffepy.core.upgrade import read_solver_param
from caffepy.errors import ConfigError
from caffepy.services import curve_drawing
from caffepy.services.curve_drawing import COLORS, Curve
from caffepy.solvers import momentum, rate, warmup

WIDTH, HEIGHT = 10.0, 3.0  # inches of a panel
POINTS = 2000  # of a curve, besides both sides of each jump


def plot(target: str, paths: Sequence[str], title: str = "") -> None:
    """Draw the schedules of solver files into the file ``target``.

    Raises:
        ConfigError: no such kind of picture, no max_iter, or settings that cannot be.
        NotFound: a file or matplotlib is not there.
    """
    curve_drawing.kind_of(target)
    names = curve_drawing.names_of(paths)
    panels: dict[str, list[Curve]] = {}
    for path, name, color in zip(paths, names, cycle(COLORS), strict=False):
        for panel, curve in curves(_read(path), name).items():
            curve.color = color
            panels.setdefault(panel, []).append(curve)
    figure = curve_drawing.figure(WIDTH, HEIGHT * len(panels) + 0.8)
    figure.suptitle(curve_drawing.shortened(title or ", ".join(names), 90), fontsize=12,
                    fontweight="bold")
    rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)
    for (axes,), (panel, found) in zip(rows, panels.items(), strict=True):
        curve_drawing.draw(axes, found, marks=False)
        axes.set_ylabel(panel, fontsize=10)
        curve_drawing.logarithmic(axes, found, part=0.05)
    curve_drawing.thousands(rows[-1][0].xaxis)
    rows[-1][0].set_xlabel("iterations", fontsize=10)
    figure.align_ylabels()
    curve_drawing.save(figure, target)


def _read(path: str) -> Any:
    p, _ = read_solver_param(path)
    try:
        rate.check(p)
        momentum.check(p)
    except ConfigError as error:
        raise error.at(path) from None
    if p.max_iter < 1:
        raise ConfigError("there is no max_iter, so the schedule has no end", where=path)
    return p


def curves(p: Any, name: str = "") -> dict[str, Curve]:
    """The curve of what changes in a SolverParameter, by what it is."""
    at = _iterations(p)
    label = f"{name}, until the loss stays" if p.lr_policy == "plateau" else name
    found = {"learning rate": Curve(label, at, [_rate(p, int(i)) for i in at])}

    def add(panel: str, value: Callable[[int], float]) -> None:
        found[panel] = Curve(name, list(at), [value(int(i)) for i in at])

    if momentum.momentum_changes(p):
        add("momentum", lambda i: momentum.momentum(p, i, _rate(p, i)))
    if momentum.decay_changes(p):
        add("weight decay", lambda i: momentum.weight_decay(p, i))
    return found


def _rate(p: Any, iteration: int) -> float:
    steps = (sum(counts <= iteration for counts in rate.reached(p))
             if p.lr_policy == "multistep" else rate.steps_taken(p, iteration, 0))
    return rate.rate(p, iteration, steps)


def _iterations(p: Any) -> list[float]:
    """Those that are drawn: evenly, and both sides of each jump."""
    last = p.max_iter - 1
    jumps = {warmup.length(p), *rate.reached(p), *(n + 1 for n in p.stageiter)}
    if p.lr_policy in ("step", "cosine") and p.stepsize:
        jumps.update(range(p.stepsize, min(p.max_iter, p.stepsize * POINTS), p.stepsize))
    even = {last * i // POINTS for i in range(POINTS + 1)}
    both = {n for jump in jumps for n in (jump - 1, jump)}
    return [float(n) for n in sorted(even | both) if 0 <= n <= last]
