"""Losses and accuracy over the iterations of a training, from its log.

    python scripts/cats_dogs/plot_learning_curve.py data/cats_dogs/model_1.log curve.png

Needs matplotlib: pip install "caffepy[plot]".
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.errors import DataError, NotFound
from caffepy.proto.files import atomic_path
from caffepy.services import log_reading
from caffepy.services.log_charts import CHARTS, Curve, curves


def draw(log: str, picture: str) -> None:
    """Draw the losses above and the accuracy below.

    Args:
        picture: .png, .svg or .pdf.

    Raises:
        NotFound: no log, or no matplotlib. DataError: the log has no losses.
    """
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator
    except ImportError as error:
        raise NotFound("plots need matplotlib, which is not installed",
                       fix="Run 'pip install \"caffepy[plot]\"'.") from error
    read = log_reading.read(log)
    charts = {chart.y: chart for chart in CHARTS if chart.x == "Iters"}
    found: dict[str, list[Curve]] = {
        what: curves(charts[what], read, what) for what in ("Train loss", "Test loss",
                                                            "Test accuracy")}
    if not found["Train loss"]:
        raise DataError("the log has no losses", where=log)
    drawing = Figure(figsize=(8, 6), layout="constrained")
    above, below = drawing.subplots(2, 1, sharex=True)
    for axes, whats, title in ((above, ("Train loss", "Test loss"), "Loss"),
                               (below, ("Test accuracy",), "Test accuracy")):
        for what in whats:
            for line in found[what]:
                axes.plot(line.x, line.y, label=line.label, linewidth=1.5,
                          marker="o" if what != "Train loss" else None, markersize=3.5)
        axes.set_ylabel(title)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(x=0.02)
    above.legend(frameon=False)
    above.set_ylim(bottom=0)
    below.set_ylim(top=1.02)
    below.set_xlabel("Iterations")
    below.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    with atomic_path(picture) as beside:
        drawing.savefig(beside, format=picture.rpartition(".")[2].lower(), dpi=150)
    print(f"Wrote {picture}")


@gflags.command("plot_learning_curve", help="Draw the losses and the accuracy of a training.")
@click.argument("log")
@click.argument("picture")
def main(log: str, picture: str) -> None:
    draw(log, picture)


if __name__ == "__main__":
    main()
