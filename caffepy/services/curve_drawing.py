"""How curves of trainings look: what plot and plot_training_log share. Needs matplotlib."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from caffepy.errors import ConfigError, NotFound
from caffepy.proto.files import atomic_path

FORMATS = ("png", "svg", "pdf")
DOTS_PER_INCH = 150
FEW = 60  # points up to which each is marked
MANY = 500  # points from which on a thick line is a blot
LONGEST = 44  # letters of a label
# told apart by people who see few colours, too: Okabe and Ito, "Color Universal Design", 2008
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#444444", "#8B5A2B")
UNITS = ((3 * 86400.0, 86400.0, "days"), (3 * 3600.0, 3600.0, "hours"),
         (300.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))
WIDE_RANGE = 30.0  # how far apart values are that are drawn on a logarithmic axis


@dataclass
class Curve:
    """One line of a chart.

    Attributes:
        faint: it lies behind the others, as what was measured behind its running mean.
        dashed: as tests are; each of their points is marked.
    """

    label: str
    x: list[float]
    y: list[float]
    color: str = COLORS[0]
    faint: bool = False
    dashed: bool = False


def kind_of(target: str) -> str:
    """The kind of picture that a file name ends in.

    Raises:
        ConfigError: it is none that can be drawn.
    """
    kind = os.path.splitext(target)[1][1:].lower()
    if kind not in FORMATS:
        raise ConfigError("the picture's name must end in its kind", found=target,
                          allowed=", ".join(f".{name}" for name in FORMATS))
    return kind


def figure(width: float, height: float) -> Any:
    """An empty matplotlib Figure that belongs to no window; sizes in inches.

    Raises:
        NotFound: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NotFound("plots need matplotlib, which is not installed",
                       fix="Run 'pip install \"caffepy[plot]\"'.") from error
    return Figure(figsize=(width, height), layout="constrained")


def draw(axes: Any, curves: Sequence[Curve], marks: bool = True, longest: int = LONGEST) -> None:
    """Put curves and their legend on axes. The legend stands beside them: over no curve.

    Args:
        marks: whether points are marked, where they are tests or few.
        longest: how many letters a label may have.
    """
    for curve in curves:
        marked = marks and (curve.dashed or (len(curve.x) <= FEW and not curve.faint))
        axes.plot(
            curve.x, curve.y, label=shortened(curve.label, longest), color=curve.color,
            linewidth=1.0 if curve.faint or len(curve.x) > MANY else 1.8,
            alpha=0.35 if curve.faint else 1.0,
            linestyle=(0, (4, 2)) if curve.dashed else "-", zorder=1.5 if curve.faint else 2.5,
            marker="o" if marked else None, markersize=_marker(len(curve.x)),
            markeredgecolor="white", markeredgewidth=0.6)
    axes.grid(color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#888888")
    axes.tick_params(color="#888888", labelsize=9)
    axes.margins(x=0.02, y=0.06)
    axes.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.01, 1.0),
                borderaxespad=0.0, handlelength=2.6)


def _marker(points: int) -> float:
    """Many marks get smaller, so that they stay apart."""
    return 5.5 if points <= FEW else 3.5


def shortened(label: str, longest: int = LONGEST) -> str:
    """A label that leaves room for the curves; what tells names apart is at their ends."""
    if label.startswith("_"):
        label = " " + label  # matplotlib hides what begins so
    if len(label) <= longest:
        return label
    head = longest // 3
    return f"{label[:head]}…{label[head + 1 - longest :]}"


def thousands(axis: Any) -> None:
    """Write whole numbers as 10,000."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def percent(axis: Any) -> None:
    """Write parts of one as percent."""
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(1.0))


def logarithmic(axes: Any, curves: Sequence[Curve], part: float = 0.5) -> None:
    """Give values over several magnitudes an axis on which all can be seen.

    Zero and negative numbers have no place on such an axis.

    Args:
        part: of the values that lie far below the largest; else the axis stays as it is.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    values = sorted(y for curve in curves for y in curve.y if math.isfinite(y))
    if not values or values[0] <= 0 or values[-1] < WIDE_RANGE * values[int(len(values) * part)]:
        return
    axes.set_yscale("log")
    decades = math.log10(values[-1] / values[0])
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if decades > 2 else (1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def time_unit(curves: Sequence[Curve]) -> tuple[float, str]:
    """By how much to divide seconds, and what they are then."""
    longest = max((x for curve in curves for x in curve.x), default=0.0)
    return next((by, name) for least, by, name in UNITS if longest >= least)


def names_of(paths: Sequence[str]) -> list[str]:
    """What logs are called in the legend: their file names, with as much of the folders before
    them as tells them apart."""
    short = [os.path.basename(path) for path in paths]
    if len(set(short)) == len(short):
        return short
    whole = [os.path.abspath(path) for path in paths]
    common = os.path.commonpath([os.path.dirname(path) for path in whole])
    return [os.path.relpath(path, common) for path in whole]


def save(drawing: Any, target: str) -> None:
    """Write a Figure as the kind of picture that the name ends in."""
    kind = kind_of(target)
    with atomic_path(target) as beside:
        # without a date, the same logs give the same file
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        drawing.savefig(beside, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)
