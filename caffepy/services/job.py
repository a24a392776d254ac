"""What to train: a solver file, and what was asked for besides, as a job for workers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from caffepy import log
from caffepy.core import plugins
from caffepy.core.upgrade import read_solver_param
from caffepy.errors import ConfigError, DeviceError
from caffepy.parallel.base import Communicator
from caffepy.proto import caffe_pb2, places
from caffepy.proto.caffe_pb2 import SolverParameter
from caffepy.proto.paths import path_of, set_path
from caffepy.services import devices
from caffepy.services import tensorboard as board
from caffepy.solvers import keep

logger = log.get(__name__)

LATEST = "latest"  # as snapshot; a file of this name is ./latest


@dataclass(frozen=True)
class Job:
    """What to train: plain values, which travel to another process.

    Attributes:
        solver: the name of the solver file, for messages.
        param: the SolverParameter, in bytes.
        snapshot: the state to resume from, or "".
        devices: numbers of GPUs; none for the CPU.
        sigint_effect, sighup_effect: as SignalEffects takes them.
        measurements: whether to write <snapshot_prefix>.jsonl.
        tensorboard: a folder for TensorBoard's files; "" for none.
        timing: whether to log how long each layer takes.
        precision: what activations are stored as, instead of what the nets say; see Context.
        plugins: files with layer types to load before (core.plugins).
        again: the command that goes on with it, up to the name of a snapshot; "" for a script's.
        program: how the command was called, such as "caffepy"; "" for a script's.
    """

    solver: str
    param: bytes
    snapshot: str = ""
    devices: tuple[int, ...] = ()
    sigint_effect: str = "stop"
    sighup_effect: str = "snapshot"
    measurements: bool = True
    tensorboard: str = ""
    timing: bool = False
    precision: str | None = None
    plugins: tuple[str, ...] = ()
    again: str = ""
    program: str = ""


def prepare(
    solver: str,
    communicator: Communicator,
    *,
    weights: str = "",
    snapshot: str = "",
    gpu: str = "",
    workers: int = 0,
    level: int = 0,
    stages: Sequence[str] = ("",),
    sigint_effect: str = "stop",
    sighup_effect: str = "snapshot",
    snapshot_keep: int | None = None,
    snapshot_errors: str | None = None,
    on_nan: str | None = None,
    measurements: bool = True,
    tensorboard: str = "",
    precision: str | None = None,
) -> tuple[Job, int]:
    """The job of a solver file, and how many workers carry it out; both as ``start`` takes them.

    Args:
        solver: the solver file.
        weights: .caffemodel files to start from, separated by commas.
        snapshot: a .solverstate to resume from, or ``LATEST``; not together with weights.
        gpu: device numbers separated by commas, or "all"; "" leaves it to the solver file.
        workers: how many processes on the CPU.
        level, stages: of the net state; see ``set_train_state``.
        sigint_effect, sighup_effect: as SignalEffects takes them.
        snapshot_keep, snapshot_errors, on_nan: instead of the solver file's fields.
        measurements, tensorboard, precision: see Job.

    Raises:
        CaffeError: they contradict each other, or a file is not there.
    """
    if tensorboard:
        board.check(tensorboard)
    param, _ = read_solver_param(solver)
    set_train_state(param, level, stages)
    _set_from_flags(param, snapshot_keep, snapshot_errors, on_nan)
    if snapshot == LATEST:
        # worker 0's for all: another machine may see a file a little later
        found = keep.latest(path_of(param, "snapshot_prefix")) if communicator.root else ""
        snapshot = os.fsdecode(communicator.broadcast_bytes(os.fsencode(found)))
    if snapshot:
        del param.weights[:]
    elif weights:
        del param.weights[:]
        set_path(param, "weights", weights)
    numbers = gpus(param, solver, gpu)
    if workers and (communicator.size > 1 or numbers):
        raise ConfigError(
            "flag 'workers' is for the CPU of one machine", found=f"-workers {workers}",
            fix="Leave it out: there is one worker for each " + (
                "process that mpirun starts." if communicator.size > 1 else "GPU."))
    job = Job(solver, param.SerializeToString(), snapshot, tuple(numbers), sigint_effect,
              sighup_effect, measurements, tensorboard, precision=precision,
              plugins=tuple(plugins.loaded()))
    return job, workers or len(numbers) or 1


def set_train_state(param: SolverParameter, level: int, stages: Sequence[str]) -> None:
    """Put level and stages into the solver's train_state, as Caffe does: the level replaces the
    file's, even when not given; the stages come on top of the file's."""
    state = param.train_state
    if state.level != level:
        logger.warning("train_state.level %d of the solver file gives way to -level %d",
                       state.level, level)
    state.level = level
    state.stage.extend(stages)


def _set_from_flags(
    param: SolverParameter, keep: int | None, snapshot_errors: str | None, on_nan: str | None
) -> None:
    """Let flags that were given take the place of the solver file's fields."""
    if keep is not None:
        param.snapshot_keep = keep
    for field, word in (("snapshot_errors", snapshot_errors), ("on_nan", on_nan)):
        if word is not None:
            setattr(param, field, caffe_pb2.SolverParameter.Trouble.Value(word.upper()))


def gpus(param: SolverParameter, path: str, gpu: str) -> list[int]:
    """The GPUs that the flag asks for, or else the solver file; none for the CPU.

    Raises:
        ConfigError, DeviceError: there are no such GPUs.
    """
    return devices.choose(gpu) if gpu else _gpus_of(param, path)


def _gpus_of(param: SolverParameter, path: str) -> list[int]:
    """The GPUs that a solver file means. ``solver_mode: GPU`` counts only if written: it is the
    schema's default, and most files of CPU users leave it out.

    Raises:
        DeviceError: there is no such GPU; it names the line.
    """
    if not param.HasField("solver_mode") or param.solver_mode != caffe_pb2.SolverParameter.GPU:
        return []
    try:
        return devices.choose(str(param.device_id), "solver_mode is GPU, and none can be used")
    except (ConfigError, DeviceError) as error:
        number = isinstance(error, ConfigError) or error.allowed is not None  # other GPUs are there
        error.fix = ("For the CPU write solver_mode: CPU, or leave it out"
                     + (f". For a GPU: {error.fix}" if error.fix else "."))
        place = "device_id" if number else "solver_mode"
        raise error.at(places.where(path, place)) from None


def seed_of(param: SolverParameter) -> int | None:
    return param.random_seed if param.random_seed >= 0 else None
