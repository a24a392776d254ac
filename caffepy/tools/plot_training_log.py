"""plot_training_log: curves of one or several training logs, as PNG, SVG or PDF.

    plot_training_log 6 loss.png a.log b.log

A blob of several values, or several losses, give a line each. Logs may be .jsonl files of train's,
too. Needs matplotlib. ``caffepy plot`` draws loss, accuracy and rate in one picture.
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.errors import ConfigError
from caffepy.services.log_charts import menu, plot


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
