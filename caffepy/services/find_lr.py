"""Which learning rate to begin with: a range test.

The net is trained for a few iterations while the rate grows exponentially; of n iterations, from 0,

    rate(i) = least (most / least)^(i / (n - 1))

The loss of each is smoothed as in Adam's means, with b = 0.98 (fewer iterations: less):

    m(i) = b m(i - 1) + (1 - b) loss(i)        smoothed(i) = m(i) / (1 - b^(i + 1))

It ends early when the smoothed loss is above four times its lowest, or no number. What is proposed
is a tenth of the rate at which it was lowest: there it no longer falls, and training needs a rate
at which it still does. Smith 2015, arXiv:1506.01186, section 3.3; the growth, smoothing, stop and
both rules are fast.ai's (Howard and Gugger's lr_find), whose other rule is the steepest fall: here
over a twentieth of the iterations to both sides.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.columns import columns
from caffepy.core.context import Context
from caffepy.errors import ConfigError, NumericError
from caffepy.services import curve_drawing, work
from caffepy.solvers.located import located
from caffepy.solvers.rate import POLICY, WORDS
from caffepy.solvers.solver import create_solver

SMOOTHING = 0.98
DIVERGED = 4.0  # times the lowest smoothed loss
BELOW = 10.0  # the proposal lies so many times below the rate of the lowest loss
SKIPPED = 0.1  # of the iterations, at the beginning, whose smoothed loss is of few losses
ROWS = 12  # of the table


@dataclass(frozen=True)
class Found:
    """What a range test measured.

    Attributes:
        rates, losses, smoothed: of each iteration that was run.
        diverged: whether it ended early.
        seed: of all draws.
        proposal: the rate to begin with; None if the loss never fell.
        lowest, steepest: the rates at which the smoothed loss was lowest and fell the fastest.
        edge: whether it was lowest at the last iteration, so that higher rates may do.
    """

    rates: NDArray[Any]
    losses: NDArray[Any]
    smoothed: NDArray[Any]
    diverged: bool
    seed: int
    proposal: float | None
    lowest: float
    steepest: float
    edge: bool

    def lines(self) -> list[str]:
        """A table of some iterations, and what is proposed."""
        shown = np.unique(np.linspace(0, len(self.rates) - 1, ROWS).round().astype(int))
        rows = [["rate", "loss", "smoothed"]] + [
            [f"{self.rates[i]:.3g}", f"{self.losses[i]:.4g}", f"{self.smoothed[i]:.4g}"]
            for i in shown]
        end = (f"diverged at {self.rates[-1]:.3g}" if self.diverged
               else f"did not diverge up to {self.rates[-1]:.3g}")
        found = [*columns(rows, right=(0, 1, 2)), "",
                 f"The loss {end} (iteration {len(self.rates)}; seed {self.seed})."]
        if self.proposal is None:
            return [*found, "It did not fall at any rate, so there is nothing to propose: look at "
                            "the net and its data ('caffepy check'), or try a smaller -min."]
        found.append(f"It was lowest at {self.lowest:.3g} and fell the fastest at "
                     f"{self.steepest:.3g}.")
        if self.edge:
            found.append("It was still falling at the highest rate: a higher -max tells more.")
        return [*found, f"Proposed, a tenth of the rate of the lowest loss:  base_lr: "
                        f"{self.proposal:.2g}"]

    def csv(self) -> bytes:
        """A row for each iteration: rate, loss, smoothed loss."""
        target = io.StringIO()
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(["iteration", "rate", "loss", "smoothed_loss"])
        writer.writerows([i, f"{rate:.6g}", f"{loss:.6g}", f"{mean:.6g}"] for i, (rate, loss, mean)
                         in enumerate(zip(self.rates, self.losses, self.smoothed, strict=True)))
        return target.getvalue().encode()


def find(param: Any, path: str, context: Context, least: float = 1e-6, most: float = 10.0) -> Found:
    """Train with growing rates for ``param.max_iter`` iterations.

    Args:
        param: a SolverParameter as ``trial.solver`` gives it, which is changed; it has a seed.
        path: its file, for errors.
        least, most: the first and the last rate.

    Raises:
        ConfigError: rates or iterations that cannot be. CaffeError: what a training ends with.
    """
    iterations = param.max_iter
    if not 0 < least < most < math.inf:
        raise ConfigError("the rate must grow from -min to -max, both above 0",
                          found=f"{least:g} and {most:g}")
    if iterations < 10:
        raise ConfigError("a range test needs 10 iterations at least", found=iterations)
    for field in (*POLICY, *WORDS):  # nothing of another schedule stays
        param.ClearField(field)
    param.base_lr, param.lr_policy, param.average_loss = least, "exp", 1
    param.gamma = (most / least) ** (1 / (iterations - 1))
    losses: list[float] = []
    diverged = False
    with work.quiet(), located(path), create_solver(
            param, context=context, optimize=True) as solver:
        for _ in work.track(range(iterations), "iteration", iterations):
            try:
                solver.step(1)
                losses.append(float(solver.losses[-1]))
            except NumericError:
                diverged = True
                break
            smoothed = smooth(losses, iterations)
            if smoothed[-1] > DIVERGED * min(smoothed):
                diverged = True
                break
    if len(losses) < 2:
        raise NumericError(f"the loss is no number from the first rates on, {least:g}",
                           where=path, fix="A smaller -min may do; 'caffepy check' looks at the "
                                           "data and the net.")
    rates = least * (most / least) ** (np.arange(len(losses)) / (iterations - 1))
    return judged(rates, np.array(losses), diverged, param.random_seed, iterations)


def smooth(losses: Sequence[float] | NDArray[Any], iterations: int) -> NDArray[Any]:
    """The smoothed losses; of fewer than 100 iterations over proportionally fewer."""
    b = 1 - (1 - SMOOTHING) * max(1.0, 100 / iterations)
    mean, found = 0.0, []
    for i, loss in enumerate(losses):
        mean = b * mean + (1 - b) * loss
        found.append(mean / (1 - b ** (i + 1)))
    return np.array(found)


def judged(rates: NDArray[Any], losses: NDArray[Any], diverged: bool, seed: int, iterations: int
           ) -> Found:
    """What the losses at these rates propose."""
    smoothed = smooth(losses, iterations)
    begin = min(int(SKIPPED * iterations), len(smoothed) - 2)
    at = begin + int(smoothed[begin:].argmin())
    slopes = _slopes(smoothed, max(1, iterations // 20))
    steep = begin + int(slopes[begin : at + 1].argmin())
    fell = smoothed[at] < smoothed[begin]
    return Found(rates, losses, smoothed, diverged, seed,
                 float(rates[at]) / BELOW if fell else None, float(rates[at]),
                 float(rates[steep]), at == len(rates) - 1)


def _slopes(values: NDArray[Any], reach: int) -> NDArray[Any]:
    """The mean fall around each value, over so many to both sides, as far as there are any."""
    at = np.arange(len(values))
    low, high = np.maximum(at - reach, 0), np.minimum(at + reach, len(values) - 1)
    return (values[high] - values[low]) / (high - low)


def draw(found: Found, target: str, title: str) -> None:
    """Draw loss over rate into a picture; what is proposed is marked.

    Raises:
        NotFound: matplotlib is not installed. ConfigError: no such kind of picture.
    """
    figure = curve_drawing.figure(7.6, 3.6)
    axes = figure.subplots()
    rates = found.rates.tolist()
    curve_drawing.draw(axes, list(_curves(found, rates)), marks=False)
    axes.set_xscale("log")
    low, high = float(found.losses.min()), float(max(found.smoothed[0], found.losses[0]))
    room = max(high - low, abs(low) * 0.05, 1e-9)
    axes.set_ylim(low - 0.1 * room, high + 0.4 * room)  # where it diverges it goes far above
    for rate, word, color in ((found.lowest, "lowest", "#888888"),
                              (found.steepest, "steepest", "#56B4E9"),
                              (found.proposal, "proposed", "#D55E00")):
        if rate is not None:
            axes.axvline(rate, color=color, linestyle=(0, (4, 2)), linewidth=1.4,
                         label=f"{word}: {rate:.2g}")
    axes.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.01, 1.0),
                borderaxespad=0.0)
    axes.set_xlabel("learning rate", fontsize=10)
    axes.set_ylabel("loss", fontsize=10)
    figure.suptitle(title, fontsize=12, fontweight="bold")
    curve_drawing.save(figure, target)


def _curves(found: Found, rates: list[float]) -> Iterator[curve_drawing.Curve]:
    yield curve_drawing.Curve("loss", rates, found.losses.tolist(), faint=True)
    yield curve_drawing.Curve("smoothed", rates, found.smoothed.tolist())
