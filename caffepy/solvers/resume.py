"""From a solver to its SolverState and back, so that a resumed run equals an uninterrupted one.

Besides what the original saves, that takes the seed, the position of every layer's reader or
random stream, the losses of the running mean, and an adaptive grad_scale. Snapshots of the
original have none of these: a training goes on from them as the original does, with its readers
where they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from caffepy import log
from caffepy.checks import structure
from caffepy.core.net import Net
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of, set_path
from caffepy.solvers import rate, snapshot

if TYPE_CHECKING:
    from caffepy.solvers.solver import Solver

logger = log.get(__name__)

Array = Any


def positions(of: Sequence[Net]) -> list[Any]:
    """A LayerState for each layer that has drawn or read something."""
    return [
        caffe_pb2.LayerState(net=net.label, layer=layer.name, position=layer.position)
        for net in of for layer in net.layers if layer.position
    ]


def state_of(solver: Solver, model: str, tests: Sequence[Any]) -> Any:
    """The SolverState of now, without history.

    Args:
        model: the file with the weights.
        tests: the positions of the test nets that are to be saved.
    """
    state = caffe_pb2.SolverState(
        iter=solver.iter, current_step=solver.current_step,
        layer_state=[*positions([solver.net]), *tests],
        seed=solver.context.seed, losses=solver.losses, smoothed_loss=solver.smoothed_loss)
    set_path(state, "learned_net", model)
    solver.updater.fetch_grad_scale()
    solver.grad_scale.save(state)
    return state


def restore(solver: Solver, path: str | os.PathLike[str]) -> None:
    """Bring a solver to where it was when a snapshot was taken.

    Raises:
        CaffeError: the file, or the weights it names, are missing, damaged or of another net or
            solver type. Nothing has changed then, unless the weights alone do not fit.
    """
    state, history = snapshot.read_state(path)
    own = solver.updater.history_blobs()
    counts = (state.iter, state.current_step, *(layer.position for layer in state.layer_state))
    if min(counts) < 0:
        raise DataError("a damaged solver state: something was counted below 0",
                        where=os.fspath(path), found=min(counts))
    _check(solver, os.fspath(path), history, own)
    if state.learned_net:
        solver.net.load(snapshot.find_weights(path_of(state, "learned_net"), path))
    logger.info("%sSolver: restoring history", solver.param.type)
    solver.updater.restore(history)
    solver.grad_scale.restore(state)
    solver.updater.follow_grad_scale()
    solver.iter, solver.current_step = state.iter, state.current_step
    structure.warn(_other_steps(solver))
    solver.losses.clear()
    solver.losses.extend(state.losses)
    solver.smoothed_loss = state.smoothed_loss
    if len(state.losses) > len(solver.losses):  # average_loss has become smaller
        solver.smoothed_loss = sum(solver.losses) / len(solver.losses)
    if state.HasField("seed"):  # not so in the original's
        _resume_streams(solver, state)


def _check(solver: Solver, path: str, history: list[Array], own: list[Array]) -> None:
    """Refuse a history that is not one of this net's parameters under this rule."""
    if len(history) != len(own):
        raise DataError("Incorrect length of history blobs.", where=path,
                        found=len(history), allowed=len(own),
                        fix=f"Is the snapshot of another net, or not by {solver.param.type}?")
    for index, (array, target) in enumerate(zip(history, own, strict=True)):
        if array.size != target.size:
            raise DataError(f"history blob {index} is of another shape", where=path,
                            found=array.shape, allowed=target.shape,
                            fix="Is the snapshot of another net?")


def _other_steps(solver: Solver) -> Iterator[str]:
    """A count of steps that is not that of the solver's stepvalue; it goes on counting, as in the
    original."""
    p, taken, done = solver.param, solver.current_step, solver.iter
    if p.lr_policy != "multistep" or not done:
        return
    due = sum(counts < done for counts in rate.reached(p))
    if taken == due:
        return
    now = rate.rate(p, done, rate.steps_taken(p, done, taken))
    later = (f"the rate goes on at {now:g}, and steps beyond {taken} are still to come"
             if taken > due else "the others are taken now, one an iteration")
    yield (f"the snapshot counts {taken} steps of multistep, and this stepvalue has {due} by "
           f"iteration {done}: {later}. With -weights a training starts at step 0.")


def _resume_streams(solver: Solver, state: Any) -> None:
    """Set the seed, and readers and random streams to where they were."""
    context = solver.context
    if solver.param.random_seed < 0:
        context.seed = state.seed
    elif context.seed != state.seed:
        logger.warning("the snapshot was taken with random_seed: %d, not %d; going on with the "
                       "solver file's", state.seed, context.seed)
    go_to([solver.net, *solver.test_nets], state.layer_state)


def go_to(nets: Sequence[Net], states: Sequence[Any]) -> None:
    """Set readers and random streams to what ``positions`` gave; those it left out to 0."""
    reached = {(s.net, s.layer): s.position for s in states}
    for net in nets:
        for layer in net.layers:
            layer.position = reached.get((net.label, layer.name), 0)
