"""train: several workers, one process each, as the original's train.py starts them.

    tools/train --solver solver.prototxt --gpus 0 1 2
    tools/train --solver solver.prototxt --workers 2 --timing

It trains as ``caffepy train -gpu 0,1,2`` does; --timing also logs, at each display, how long every
layer took in the first worker, and how long it waited for the averaging.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

import click

from caffepy import log
from caffepy.cli import gflags
from caffepy.errors import ConfigError

if TYPE_CHECKING:
    from caffepy.solvers.solver import Solver

logger = log.get(__name__)


@gflags.command("train", help="Train with several workers: one for each of GPUS, or on the CPU.")
@click.argument("gpus_more", metavar="[GPU]...", nargs=-1)
@gflags.flag("solver", gflags.FILE, "", "The solver prototxt.")
@gflags.flag("snapshot", gflags.FILE, "", "The .solverstate to resume from; latest: the newest.")
@gflags.flag("gpus", str, "", "Device numbers, separated by blanks or commas.")
@gflags.flag("workers", int, 0, "Without GPUs: how many processes train together.")
@gflags.flag("timing", bool, False, "Log how long each layer took.")
def main(
    gpus_more: tuple[str, ...], solver: str, snapshot: str, gpus: str, workers: int, timing: bool
) -> None:
    if not solver:
        raise ConfigError("Need a solver definition to train", fix="Give one: --solver FILE.")
    if gpus_more and not gpus:
        raise ConfigError("an argument that stands for itself", found=" ".join(gpus_more),
                          fix="Numbers of GPUs follow --gpus.")
    from dataclasses import replace

    from caffepy.cli import job, train
    from caffepy.parallel import launch

    communicator = launch.join(job.report)
    with launch.ending_together(communicator):
        what, _, count = train.asked(
            communicator, solver, weights="", snapshot=snapshot,
            gpu=",".join([gpus, *gpus_more]) if gpus else "", workers=workers, level=0, stage="",
            sigint_effect="stop", sighup_effect="snapshot", snapshot_keep=None,
            snapshot_errors=None, on_nan=None, measurements=True)
        for line in job.start(replace(what, timing=timing), communicator, count):
            click.echo(line)


@contextmanager
def timed(solver: Solver) -> Iterator[None]:
    """Log the milliseconds of each layer's last forward and backward whenever the log displays.

    On a GPU that is the time in which the work was queued.
    """
    net, display = solver.net, solver.param.display
    ends: dict[tuple[str, int], float] = {}
    took: dict[tuple[str, int], float] = {}

    def begin(what: str, layer: int = 0) -> None:
        ends[what, layer] = perf_counter()

    def end(what: str, layer: int = 0) -> None:
        took[what, layer] = 1000 * (perf_counter() - ends[what, layer])

    def after_backward(layer: int) -> None:
        end("back", layer)
        if layer == 0:
            end("total")
            begin("allreduce")

    def ready(solver: Solver) -> None:
        end("allreduce")
        if not display or solver.iter % display:
            return
        forward = range(len(net.layers))
        lines = [f"{what} {i:3d} {net.layer_names[i]:>8s} : {took[what, i]:.2f}"
                 for what, order in (("forw", forward), ("back", reversed(forward)))
                 for i in order]
        lines.append(f"solver total: {took['total', 0]:.2f}")
        lines.append(f"allreduce: {took['allreduce', 0]:.2f}")
        logger.info("\n%s", "\n".join(lines))

    hooks = (
        (solver.on_start, lambda solver: begin("total")),
        (net.before_forward, lambda layer: begin("forw", layer)),
        (net.after_forward, lambda layer: end("forw", layer)),
        (net.before_backward, lambda layer: begin("back", layer)),
        (net.after_backward, after_backward), (solver.on_gradients, ready))
    for calls, call in hooks:
        calls.append(call)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for calls, call in hooks:
            calls.remove(call)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
