"""Bringing a training to where it was when a snapshot was taken, so that it goes on as it would
have. What a snapshot keeps is in state.py."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from caffepy import log
from caffepy.checks import structure
from caffepy.core.net import Net
from caffepy.errors import DataError
from caffepy.proto.paths import path_of
from caffepy.solvers import rate, snapshot
from caffepy.solvers.average import Average
from caffepy.solvers.state import TrainingState
from caffepy.solvers.updater import Updater

logger = log.get(__name__)

Array = Any


def restore(
    path: str | os.PathLike[str], param: Any, state: TrainingState, net: Net,
    test_nets: Sequence[Net], updater: Updater, average: Average | None = None,
) -> None:
    """Set weights, their averages, histories, ``state`` and readers to those of a snapshot.

    Args:
        path: its .solverstate.
        param: the SolverParameter.

    Raises:
        CaffeError: the file, or the weights it names, are missing, damaged or of another net or
            solver type. Nothing has changed then, unless the weights alone do not fit.
    """
    saved, history = snapshot.read_state(path)
    counts = (saved.iter, saved.current_step, *(layer.position for layer in saved.layer_state))
    if min(counts) < 0:
        raise DataError("a damaged solver state: something was counted below 0",
                        where=os.fspath(path), found=min(counts))
    _check(history, updater.history_blobs(), os.fspath(path), param.type)
    if saved.learned_net:
        net.load(snapshot.find_weights(path_of(saved, "learned_net"), path))
    if average:
        average.begin_anew()
    if saved.average_net and average:
        average.load(snapshot.find_weights(path_of(saved, "average_net"), path))
    elif saved.average_net and not param.average_decay:
        logger.info("The averaged weights of this snapshot are not used: there is no average_decay")
    logger.info("%sSolver: restoring history", param.type)
    updater.restore(history)
    structure.warn(_other_steps(param, saved.current_step, saved.iter))
    state.from_proto(saved, param, net, test_nets)
    updater.follow_grad_scale()


def _check(history: list[Array], own: list[Array], path: str, kind: str) -> None:
    """Refuse a history that is not one of this net's parameters under this rule."""
    if len(history) != len(own):
        raise DataError("Incorrect length of history blobs.", where=path,
                        found=len(history), allowed=len(own),
                        fix=f"Is the snapshot of another net, or not by {kind}?")
    for index, (array, target) in enumerate(zip(history, own, strict=True)):
        if array.size != target.size:
            raise DataError(f"history blob {index} is of another shape", where=path,
                            found=array.shape, allowed=target.shape,
                            fix="Is the snapshot of another net?")


def _other_steps(p: Any, taken: int, done: int) -> Iterator[str]:
    """A count of steps that is not that of the solver's stepvalue; it goes on counting, as in the
    original."""
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
