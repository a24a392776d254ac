"""tools/train: several workers, one process each, as the original's train.py starts them.

    tools/train --solver solver.prototxt --gpus 0 1 2
    tools/train --solver solver.prototxt --workers 2 --timing

It trains as ``caffepy train -gpu 0,1,2`` does; --timing also logs, at each display, how long every
layer took in the first worker, and how long it waited for the averaging.
"""

from __future__ import annotations

import click

from caffepy.cli import flags, gflags
from caffepy.errors import ConfigError


@gflags.command("train", help="Train with several workers: one for each of GPUS, or on the CPU.")
@click.argument("gpus_more", metavar="[GPU]...", nargs=-1)
@gflags.flag("solver", gflags.FILE, "", "The solver prototxt.")
@gflags.flag("snapshot", gflags.FILE, "", "The .solverstate to resume from; latest: the newest.")
@gflags.flag("gpus", str, "", "Device numbers, separated by blanks or commas.")
@gflags.flag("workers", int, 0, "Without GPUs: how many processes train together.")
@gflags.flag("timing", bool, False, "Log how long each layer took.")
@flags.PLUGIN
def main(
    gpus_more: tuple[str, ...], solver: str, snapshot: str, gpus: str, workers: int, timing: bool
) -> None:
    if not solver:
        raise ConfigError("Need a solver definition to train", fix="Give one: --solver FILE.")
    if gpus_more and not gpus:
        raise ConfigError("an argument that stands for itself", found=" ".join(gpus_more),
                          fix="Numbers of GPUs follow --gpus.")
    from dataclasses import replace

    from caffepy.cli import ending
    from caffepy.cli.train import asked
    from caffepy.parallel import launch
    from caffepy.services import training

    communicator = launch.join(ending.report)
    with launch.ending_together(communicator):
        job, count = asked(
            communicator, solver, weights="", snapshot=snapshot,
            gpu=",".join([gpus, *gpus_more]) if gpus else "", workers=workers, level=0, stage="",
            sigint_effect="stop", sighup_effect="snapshot", snapshot_keep=None,
            snapshot_errors=None, on_nan=None, measurements=True)
        for line in training.start(replace(job, timing=timing), communicator, count).lines():
            click.echo(line)


if __name__ == "__main__":
    main()
