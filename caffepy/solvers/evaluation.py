"""Testing the test nets, between two iterations of a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from caffepy import log
from caffepy.checks import structure
from caffepy.core.net import Net
from caffepy.solvers import positions, progress
from caffepy.solvers.means import OutputMeans
from caffepy.solvers.state import Means, TrainingState
from caffepy.solvers.watch import Watch

logger = log.get(__name__)


def evaluate_all(
    state: TrainingState, test_nets: Sequence[Net], evaluate_one: Callable[[int], object]
) -> None:
    """Call ``evaluate_one`` for each test net's index, up to the one in which ``state`` stops.

    Then the test nets are where they were before: a run that goes on repeats the whole tests.
    """
    before = state.before_tests = positions.of(test_nets)
    try:
        for index in range(len(test_nets)):
            evaluate_one(index)
            if state.stopped:
                break
    finally:
        state.before_tests = None
    if state.stopped:
        positions.go_to(test_nets, before)


def evaluate(
    index: int, test_net: Net, net: Net, state: TrainingState, param: Any, watch: Watch,
    asked_to_stop: Callable[[], bool],
) -> Means | None:
    """Run a test net on the parameters of ``net`` over ``test_iter`` batches, and log the means of
    its outputs.

    Args:
        index: of the test net.
        param: the SolverParameter.
        asked_to_stop: called before each batch; True breaks the test off.

    Returns: the means, which are kept in ``state.last_tests``; None if the test was broken off.
    """
    logger.info("Iteration %d, Testing net (#%d)", state.iter, index)
    test_net.share_trained_layers(net)
    if state.iter:  # at iteration 0 no training has gathered statistics yet
        watch.say(structure.untouched_statistics(test_net))
    test_net.set_debug_info(param.debug_info)
    batches = param.test_iter[index]
    loss = 0.0
    outputs = OutputMeans()
    for _ in range(batches):
        if asked_to_stop():
            logger.info("Test interrupted.")
            return None
        loss += test_net.forward()
        outputs.add(test_net.outputs())
    if param.test_compute_loss and batches:
        logger.info("Test loss: %g", loss / batches)
    progress.show_outputs("Test", outputs.means())
    means = [(name, values) for name, values, _ in outputs.means()]
    state.last_tests[index] = (state.iter, means)
    return means
