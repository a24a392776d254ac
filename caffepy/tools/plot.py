"""plot: loss, accuracy and learning rate of trainings in one picture.

    caffepy plot lenet.jsonl                            # lenet.jsonl.png
    caffepy plot -over=seconds -out=both.svg sgd.log adam.log
    caffepy plot -rate solver.prototxt                  # before the training

Takes glog's logs and the .jsonl that train writes, several at once. The training loss is drawn as
it was measured, faintly, and smoothed over it; tests are dashed, each a point. Needs matplotlib.
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.errors import ConfigError
from caffepy.services.plotting import PANELS, plot


@gflags.command(
    "plot",
    help="Draw loss, accuracy and learning rate of trainings from their logs or .jsonl files. "
    "With -rate, how the rate will go by solver files. Needs matplotlib: pip install "
    "\"caffepy[plot]\".",
)
@click.argument("logs", nargs=-1, required=True)
@gflags.flag("out", str, "", "The picture to make: .png, .svg or .pdf; else <first log>.png.")
@gflags.flag("over", gflags.Choice("iterations", "seconds"), "iterations", "What runs along.")
@gflags.flag("show", str, ",".join(PANELS), "Which panels.")
@gflags.flag("title", str, "", "What stands above; else the logs' names.")
@gflags.flag("rate", bool, False, "LOGS are solver files: draw how the learning rate will go.")
def main(logs: tuple[str, ...], out: str, over: str, show: str, title: str, rate: bool) -> None:
    wanted = [word.strip() for word in show.split(",") if word.strip()]
    for word in wanted:
        if word not in PANELS:
            raise ConfigError("no such panel", where="flag 'show'", found=word,
                              allowed=", ".join(PANELS))
    out = out or f"{logs[0]}.png"
    if rate:
        from caffepy.services import schedule

        schedule.plot(out, logs, title)
    else:
        plot(out, logs, over or "iterations", wanted or PANELS, title)
    click.echo(f"Wrote {out}")


if __name__ == "__main__":
    main()
