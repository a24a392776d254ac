"""caffepy train: learn the weights of a net from a solver file."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, Any

import click

from caffepy import log
from caffepy.cli import devices, files, flags, gflags
from caffepy.errors import ConfigError, DeviceError

if TYPE_CHECKING:
    from caffepy.cli.job import Job
    from caffepy.parallel.base import Communicator
    from caffepy.proto.caffe_pb2 import SolverParameter

logger = log.get(__name__)

LATEST = "latest"  # as -snapshot; a file of this name is ./latest


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
def train(solver: str, **others: Any) -> None:
    if not solver:
        raise ConfigError(
            "Need a solver definition to train", fix="Give one: -solver solver.prototxt.")
    from caffepy.cli import job
    from caffepy.parallel import launch

    communicator = launch.join(job.report)
    with launch.ending_together(communicator):
        lines = job.start(*asked(communicator, solver, **others))
        if _apart(sys.stdout, sys.stderr):
            for line in lines:
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
    precision: str | None = None,
) -> tuple[Job, Communicator, int]:
    """What the flags ask for, as ``job.start`` takes it.

    Raises:
        CaffeError: they contradict each other, or a file is not there.
    """
    from caffepy.cli.job import Job

    if snapshot and weights:
        raise ConfigError(
            "Give a snapshot to resume training or weights to finetune but not both",
            fix="Leave out -snapshot or -weights.",
        )
    # the files first: nothing is worse than a wrong name that shows after an hour of set-up
    files.check("solver", solver, "prototxt")
    if snapshot != LATEST:
        files.check("snapshot", snapshot, "solverstate")
    for path in flags.split_list(weights):
        files.check("weights", path, "caffemodel")

    from caffepy.core.upgrade import read_solver_param
    from caffepy.proto.paths import path_of, set_path

    param, _ = read_solver_param(solver)
    set_train_state(param, level, stage)
    set_trouble(param, snapshot_keep, snapshot_errors, on_nan)
    if snapshot == LATEST:
        from caffepy.solvers import keep

        # one for all: on another machine a file may appear a little later
        found = keep.latest(path_of(param, "snapshot_prefix")) if communicator.root else ""
        snapshot = os.fsdecode(communicator.tell(os.fsencode(found)))
    if snapshot:
        del param.weights[:]
    elif weights:
        del param.weights[:]
        set_path(param, "weights", weights)
    numbers = devices.choose(gpu) if gpu else gpus_of(param, solver)
    if workers and (communicator.size > 1 or numbers):
        raise ConfigError(
            "flag 'workers' is for the CPU of one machine", found=f"-workers {workers}",
            fix="Leave it out: there is one worker for each " + (
                "process that mpirun starts." if communicator.size > 1 else "GPU."))
    job = Job(solver, param.SerializeToString(), snapshot, tuple(numbers), sigint_effect,
              sighup_effect, measurements, precision=precision)
    return job, communicator, workers or len(numbers) or 1


def set_train_state(param: SolverParameter, level: int, stage: str) -> None:
    """Put -level and -stage into the solver's train_state, as Caffe does: the level replaces the
    file's, even when not given; the stages come on top of the file's."""
    state = param.train_state
    if state.level != level:
        logger.warning("train_state.level %d of the solver file gives way to -level %d",
                       state.level, level)
    state.level = level
    state.stage.extend(flags.split_stages(stage))


def set_trouble(
    param: SolverParameter, keep: int | None, snapshot_errors: str | None, on_nan: str | None
) -> None:
    """Let flags that were given take the place of the solver file's fields."""
    from caffepy.proto import caffe_pb2

    if keep is not None:
        param.snapshot_keep = keep
    for field, word in (("snapshot_errors", snapshot_errors), ("on_nan", on_nan)):
        if word is not None:
            setattr(param, field, caffe_pb2.SolverParameter.Trouble.Value(word.upper()))


def gpus_of(param: SolverParameter, path: str) -> list[int]:
    """The GPUs that a solver file means. ``solver_mode: GPU`` counts only if written: it is the
    schema's default, and most files of CPU users leave it out.

    Raises:
        DeviceError: there is no such GPU; it names the line.
    """
    from caffepy.proto import caffe_pb2, places

    if not param.HasField("solver_mode") or param.solver_mode != caffe_pb2.SolverParameter.GPU:
        return []
    try:
        return devices.choose(str(param.device_id), "solver_mode is GPU, and none can be used")
    except (ConfigError, DeviceError) as error:
        number = isinstance(error, ConfigError) or error.allowed is not None  # there are others
        error.fix = ("For the CPU write solver_mode: CPU, or leave it out"
                     + (f". For a GPU: {error.fix}" if error.fix else "."))
        place = "device_id" if number else "solver_mode"
        raise error.at(places.where(path, place)) from None


def seed_of(param: SolverParameter) -> int | None:
    return param.random_seed if param.random_seed >= 0 else None
