"""A training as each of its workers carries it out, whatever started it."""

from __future__ import annotations

import shlex
from contextlib import ExitStack

from caffepy import __version__, log
from caffepy.checks import structure
from caffepy.core.plugins import load_plugin
from caffepy.errors import ConfigError
from caffepy.parallel import launch
from caffepy.parallel.base import Communicator
from caffepy.proto import caffe_pb2
from caffepy.services import devices, pace, snapshot_place, tensorboard
from caffepy.services.job import Job, seed_of
from caffepy.services.layer_times import timed
from caffepy.services.progress import training_bar
from caffepy.services.signals import SignalEffects
from caffepy.services.trained import Trained, ended, observed
from caffepy.solvers.located import located
from caffepy.solvers.solver import Solver, create_solver

logger = log.get(__name__)


def start(job: Job, communicator: Communicator, workers: int) -> Trained:
    """Carry a job out by the workers that there are, or by as many as are wanted here.

    Args:
        communicator: of the workers that mpirun started, or Single.
        workers: how many processes to start here; not together with mpirun.

    Returns: what ``run`` returned in this process.
    """
    if communicator.size > 1:
        return run(communicator, job)
    return launch.run(run, workers, job)


def run(communicator: Communicator, job: Job) -> Trained:
    """Train as one of the workers."""
    for path in job.plugins:
        load_plugin(path)
    param = caffe_pb2.SolverParameter.FromString(job.param)
    context = devices.context(list(job.devices), seed_of(param), communicator,
                              job.precision)
    if communicator.size > 1:
        logger.info("Training with %d workers, each with batches of its own.", communicator.size)
        if context.device != "cpu":
            from caffepy.parallel.nccl import Nccl

            communicator = Nccl(communicator, context.accelerator)
    with SignalEffects(job.sigint_effect, job.sighup_effect) as signals:
        with located(job.solver):
            running = create_solver(
                param, context=context, action=signals.action, communicator=communicator,
                optimize=True)
        check_learns(running, job.solver)
        structure.warn(structure.unfed_inputs(running.net))
        if job.snapshot:
            logger.info("Resuming from %s", job.snapshot)
            running.restore(job.snapshot)
        structure.warn(structure.no_iterations(running.param, running.iter))
        if communicator.root:
            snapshot_place.tell(running.param, running.iter)
        logger.info("Starting Optimization")
        about = {"solver": job.solver, "caffepy": __version__}
        with ExitStack() as around:
            if communicator.root:
                around.enter_context(training_bar(running))
                around.enter_context(pace.watched(running))
            board = None
            if job.tensorboard and communicator.root:
                board = around.enter_context(tensorboard.writing(job.tensorboard))
            if job.measurements or board:  # the first worker's
                around.enter_context(running.measuring(about, also=board, keep=job.measurements))
            if job.timing and communicator.root:
                around.enter_context(timed(running))
            with located(job.solver, whole=False):
                observer = around.enter_context(observed(running))
                running.solve()
    logger.info("Optimization Done.")
    if running.best and (found := running.best.found(running.state)):
        logger.info("%s", found)
    if running.stopped and communicator.root:
        logger.info("%s", "\n".join(going_on(running, job.again)))
    return ended(observer, job)


def going_on(solver: Solver, again: str) -> list[str]:
    """What was saved of a training that was stopped, and how it goes on.

    Args:
        again: the command, up to the name of a snapshot; "" for none.
    """
    path = solver.last_snapshot
    if not path:
        return [f"Stopped after {solver.iter} iterations. No snapshot was written."]
    lines = [f"Stopped after {solver.iter} iterations. The last snapshot: {path}"]
    if again:
        lines += ["This goes on from there:", f"    {again} {shlex.quote(path)}"]
    return lines


def check_learns(solver: Solver, path: str) -> None:
    """Refuse a training that could not change a number, such as that of a deploy net.

    Raises:
        ConfigError: the net has no parameters, or no loss.
    """
    net = solver.net
    for reason in structure.nothing_to_learn(net):
        raise ConfigError(
            reason, where=path,
            found=f"layers {', '.join(net.layer_names)}" if net.layers else "no layers",
            fix="A net to train has layers with parameters and a loss; a deploy net is for "
                "'caffepy time' and for Python.")
