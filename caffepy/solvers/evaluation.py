"""Testing the test nets, between two iterations of a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from caffepy import log
from caffepy.checks import structure
from caffepy.core.net import Net
from caffepy.errors import ConfigError, did_you_mean
from caffepy.solvers import positions, progress, tallied
from caffepy.solvers.means import OutputMeans
from caffepy.solvers.state import Means, TrainingState
from caffepy.solvers.tallied import Tallied
from caffepy.solvers.watch import Watch

logger = log.get(__name__)

KINDS = ("classification", "detection")  # of eval_type


def check(test_nets: Sequence[Net], param: Any) -> None:
    """Refuse an eval_type that the test nets have nothing for.

    Raises:
        ConfigError: that, or an eval_type that is none.
    """
    asked = param.eval_type
    if asked == "segmentation":
        logger.warning('eval_type: "segmentation" is not used here: means of outputs are logged.')
    elif asked and asked not in KINDS:
        raise ConfigError("there is no such eval_type", found=asked, field="eval_type",
                          allowed=", ".join(KINDS), fix=did_you_mean(asked, KINDS))
    for index, net in enumerate(test_nets):
        found = tallied.of(net, param)  # which refuses an ap_version that is none
        if asked == "detection" and not found:
            raise ConfigError(
                'eval_type: "detection" needs an output whose rows say which boxes are right',
                field="eval_type",
                found=f"{', '.join(net.output_names) or 'none'} in test net #{index}",
                fix='Add a layer of type "DetectionEvaluate" for the TEST phase.')


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
    its outputs, or what their rows come to.

    Args:
        index: of the test net.
        param: the SolverParameter.
        asked_to_stop: called before each batch; True breaks the test off.

    Returns: the means, which are kept in ``state.last_tests``, with those of classes behind them if
        they were asked for; None if the test was broken off.
    """
    logger.info("Iteration %d, Testing net (#%d)", state.iter, index)
    test_net.share_trained_layers(net)
    if state.iter:  # at iteration 0 no training has gathered statistics yet
        watch.say(structure.untouched_statistics(test_net))
    test_net.set_debug_info(param.debug_info)
    batches = param.test_iter[index]
    rows = Tallied(test_net, param)
    loss = 0.0
    outputs = OutputMeans()
    for _ in range(batches):
        if asked_to_stop():
            logger.info("Test interrupted.")
            return None
        loss += test_net.forward()
        outputs.add(list(rows.take(test_net.outputs())))
    if param.test_compute_loss and batches:
        logger.info("Test loss: %g", loss / batches)
    found = outputs.means()
    weights = {name: weight for name, _, weight in found}
    means = rows.joined([(name, values) for name, values, _ in found])
    watch.say(rows.remarks())
    classes = rows.classes()
    progress.show_outputs("Test", [(name, mean, weights.get(name, 0.0)) for name, mean in means])
    state.last_tests[index] = (state.iter, means + classes)
    return means + classes
