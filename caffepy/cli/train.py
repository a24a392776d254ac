"""caffepy train: learn the weights of a net from a solver file."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

import click

from caffepy.cli import files, flags, gflags
from caffepy.errors import ConfigError

if TYPE_CHECKING:
    from caffepy.parallel.base import Communicator
    from caffepy.services.job import Job


@gflags.command("train", help="Train a net: new, from weights, or from a snapshot.")
@flags.SOLVER
@flags.WEIGHTS
@flags.SNAPSHOT
@flags.GPU
@flags.PRECISION
@flags.WORKERS
@flags.LEVEL
@flags.STAGE
@flags.SIGINT_EFFECT
@flags.SIGHUP_EFFECT
@flags.SNAPSHOT_KEEP
@flags.SNAPSHOT_ERRORS
@flags.ON_NAN
@flags.MEASUREMENTS
@flags.TENSORBOARD
@flags.PLUGIN
def train(solver: str, **others: Any) -> None:
    if not solver:
        raise ConfigError(
            "Need a solver definition to train", fix="Give one: -solver solver.prototxt.")
    from caffepy.cli import ending, going_on
    from caffepy.parallel import launch
    from caffepy.services import training

    communicator = launch.join(ending.report)
    with launch.ending_together(communicator):
        job, workers = asked(communicator, solver, **others)
        given = click.get_current_context().meta.get(gflags.GIVEN, [])
        job = replace(job, again=going_on.command(given, communicator.size),
                      program=going_on.program())
        ended = training.start(job, communicator, workers)
        if _apart(sys.stdout, sys.stderr):
            for line in ended.lines():
                click.echo(line)


def _apart(out: IO[str], log: IO[str]) -> bool:
    """Whether standard output is read by a person or apart from the log.

    In one file with the log (2>&1) programs read it, that know the original's lines alone.
    """
    try:
        return out.isatty() or not os.path.samestat(os.fstat(out.fileno()), os.fstat(log.fileno()))
    except (OSError, ValueError):  # no file at all, or closed
        return True


def asked(
    communicator: Communicator,
    solver: str,
    weights: str,
    snapshot: str,
    gpu: str,
    workers: int,
    level: int,
    stage: str,
    sigint_effect: str,
    sighup_effect: str,
    snapshot_keep: int | None,
    snapshot_errors: str | None,
    on_nan: str | None,
    measurements: bool,
    tensorboard: str = "",
    precision: str | None = None,
) -> tuple[Job, int]:
    """What the flags ask for, as ``training.start`` takes it.

    Raises:
        CaffeError: they contradict each other, or a file is not there.
    """
    if snapshot and weights:
        raise ConfigError(
            "Give a snapshot to resume training or weights to finetune but not both",
            fix="Leave out -snapshot or -weights.",
        )
    # the files first: nothing is worse than a wrong name that shows after an hour of set-up
    files.check("solver", solver, "prototxt")
    if snapshot != flags.LATEST:
        files.check("snapshot", snapshot, "solverstate")
    for path in flags.split_list(weights):
        files.check("weights", path, "caffemodel")

    from caffepy.services import job

    return job.prepare(
        solver, communicator, weights=weights, snapshot=snapshot, gpu=gpu, workers=workers,
        level=level, stages=flags.caffe_stages(stage), sigint_effect=sigint_effect,
        sighup_effect=sighup_effect, snapshot_keep=snapshot_keep, snapshot_errors=snapshot_errors,
        on_nan=on_nan, measurements=measurements, tensorboard=tensorboard, precision=precision)
