"""caffepy train: learn the weights of a net from a solver file."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from caffepy import __version__, log
from caffepy.cli import devices, files, flags, gflags
from caffepy.cli.signals import SignalEffects
from caffepy.errors import ConfigError

if TYPE_CHECKING:
    from caffepy.proto.caffe_pb2 import SolverParameter
    from caffepy.solvers.solver import Solver

logger = log.get(__name__)

LATEST = "latest"  # as -snapshot; a file of this name is ./latest


@gflags.command("train", help="Train a net: new, from weights, or from a snapshot.")
@flags.SOLVER
@flags.WEIGHTS
@flags.SNAPSHOT
@flags.GPU
@flags.LEVEL
@flags.STAGE
@flags.SIGINT_EFFECT
@flags.SIGHUP_EFFECT
@flags.SNAPSHOT_KEEP
@flags.SNAPSHOT_ERRORS
@flags.ON_NAN
@flags.MEASUREMENTS
def train(
    solver: str,
    weights: str,
    snapshot: str,
    gpu: str,
    level: int,
    stage: str,
    sigint_effect: str,
    sighup_effect: str,
    snapshot_keep: int | None,
    snapshot_errors: str | None,
    on_nan: str | None,
    measurements: bool,
) -> None:
    if not solver:
        raise ConfigError(
            "Need a solver definition to train", fix="Give one: -solver solver.prototxt.")
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

    param, _ = read_solver_param(solver)
    set_train_state(param, level, stage)
    set_trouble(param, snapshot_keep, snapshot_errors, on_nan)
    if snapshot == LATEST:
        from caffepy.solvers import keep

        snapshot = keep.latest(param.snapshot_prefix)
    if snapshot:
        del param.weights[:]
    elif weights:
        param.weights[:] = [weights]
    numbers = devices.choose(gpu or gpu_of(param))
    context = devices.context(numbers, seed_of(param))

    from caffepy.checks import structure
    from caffepy.cli.progress import training_bar
    from caffepy.solvers.measurements import written
    from caffepy.solvers.solver import create_solver

    with SignalEffects(sigint_effect, sighup_effect) as signals:
        try:
            running = create_solver(param, context=context, action=signals.action)
        except ConfigError as error:
            raise error if error.where else error.at(solver) from None
        check_learns(running, solver)
        structure.warn(structure.unfed_inputs(running.net))
        if snapshot:
            logger.info("Resuming from %s", snapshot)
            running.restore(snapshot)
        structure.warn(structure.no_iterations(running.param, running.iter))
        logger.info("Starting Optimization")
        about = {"solver": solver, "caffepy": __version__}
        with training_bar(running), written(running, about) if measurements else nullcontext():
            running.solve()
    logger.info("Optimization Done.")
    for line in last_tests(running):
        click.echo(line)


def check_learns(solver: Solver, path: str) -> None:
    """Refuse a training that could not change a number, such as that of a deploy net.

    Raises:
        ConfigError: the net has no parameters, or no loss.
    """
    from caffepy.checks import structure

    net = solver.net
    for reason in structure.nothing_to_learn(net):
        raise ConfigError(
            reason, where=path,
            found=f"layers {', '.join(net.layer_names)}" if net.layers else "no layers",
            fix="A net to train has layers with parameters and a loss; a deploy net is for "
                "'caffepy time' and for Python.")


def last_tests(solver: Solver) -> list[str]:
    """One line for each test net: what the last test said, for those who read no log."""
    return [
        f"Test net #{index} after {iteration} iterations: "
        + ", ".join(f"{name} = {means[0]:.6g}" for name, means in results if means.size == 1)
        for index, (iteration, results) in sorted(solver.last_tests.items())
    ]


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


def gpu_of(param: SolverParameter) -> str:
    """The -gpu that a solver file means. ``solver_mode: GPU`` counts only if written: it is the
    schema's default, and most files of CPU users leave it out."""
    from caffepy.proto import caffe_pb2

    if param.HasField("solver_mode") and param.solver_mode == caffe_pb2.SolverParameter.GPU:
        return str(param.device_id)
    return ""


def seed_of(param: SolverParameter) -> int | None:
    return param.random_seed if param.random_seed >= 0 else None
