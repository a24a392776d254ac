"""Testing the nets of a solver, between two of its iterations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy import log
from caffepy.checks import structure
from caffepy.solvers import progress, resume

if TYPE_CHECKING:
    from caffepy.solvers.solver import Solver

logger = log.get(__name__)


def test_all(solver: Solver) -> None:
    """See Solver.test_all."""
    if not solver.communicator.root:
        return
    # a snapshot taken between two batches, or after a test that was broken off, goes on with
    # the whole test
    before = solver.before_tests = resume.positions(solver.test_nets)
    try:
        for index in range(len(solver.test_nets)):
            solver.test(index)
            if solver.stopped:
                break
    finally:
        solver.before_tests = None
    if solver.stopped:
        resume.go_to(solver.test_nets, before)


def test(solver: Solver, index: int) -> list[tuple[str, np.ndarray[Any, Any]]]:
    """See Solver.test."""
    solver.stopped = False
    logger.info("Iteration %d, Testing net (#%d)", solver.iter, index)
    net = solver.test_nets[index]
    net.share_trained_layers(solver.net)
    if solver.iter:  # before it nobody can have gathered any
        solver.watch.say(structure.untouched_statistics(net))
    net.debug_info = solver.param.debug_info
    batches = solver.param.test_iter[index]
    loss = 0.0
    sums: dict[str, Any] = {}
    weights: dict[str, float] = {}
    for _ in range(batches):
        if _asked_to_stop(solver):
            logger.info("Test interrupted.")
            return []
        loss += net.forward()
        for name, values, weight in net.outputs():
            sums[name] = sums.get(name, 0.0) + values.astype(np.float64)
            weights[name] = weight
    if solver.param.test_compute_loss and batches:
        logger.info("Test loss: %g", loss / batches)
    means = [(name, total / batches) for name, total in sums.items()]
    progress.show_outputs("Test", [(name, mean, weights[name]) for name, mean in means])
    solver.last_tests[index] = (solver.iter, means)
    for hook in tuple(solver.on_test):
        hook(solver, index)
    return means


def _asked_to_stop(solver: Solver) -> bool:
    while asked := solver.action():
        if asked == "snapshot":
            solver.snapshot()
        elif asked == "stop":
            solver.stopped = True
    return solver.stopped
