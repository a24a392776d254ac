"""Watches a training for what would cost its owner a day, and says each thing once.

The first batches and every test net are looked at; after that an iteration costs a comparison.
What is looked for is in caffepy.checks.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from caffepy import log
from caffepy.checks import batches, numbers, structure
from caffepy.core.net import Net
from caffepy.errors import NumericError
from caffepy.proto import caffe_pb2
from caffepy.solvers import traps
from caffepy.solvers.grad_scale import LOST
from caffepy.solvers.state import TrainingState

logger = log.get(__name__)

LOSSES = 20  # remembered, to tell a loss that rose from one that fell


class Watch:
    """What is watched of one training.

    Args:
        net, test_nets: the nets to train and to test.
        state: the training's.
        param: the SolverParameter.

    Attributes:
        lost: whether the loss has become infinite or no number, or is stuck.
    """

    def __init__(
        self, net: Net, test_nets: Sequence[Net], state: TrainingState, param: Any
    ) -> None:
        self.net = net
        self.state = state
        self.param = param
        self.said: set[str] = set()
        self.before: deque[float] = deque(maxlen=LOSSES)
        self.lost = False
        self._told = False
        self._overflows = 0  # losses in a row that were no finite numbers
        self._softmax = numbers.softmax_losses(net)
        self._first = batches.FirstBatches(net)
        self._looked = 0
        self.say(traps.of(param))
        self.say(structure.frozen(net))
        self.say(structure.traps(net))
        for index, test_net in enumerate(test_nets):
            self.say(batches.coverage(test_net, param.test_iter[index], index))

    def say(self, sentences: Iterable[str]) -> None:
        """Log what was not logged before."""
        for sentence in sentences:
            if sentence not in self.said:
                self.said.add(sentence)
                logger.warning("%s", sentence)

    def forwarded(self) -> None:
        """A forward and backward of the train net are done."""
        if self._looked < batches.BATCHES:
            self._looked += 1
            self.say(self._first.look(self._looked == batches.BATCHES))
            if self._looked == 1:
                self.say(structure.untouched_statistics(self.net))

    def loss(self, iteration: int, loss: float) -> bool:
        """The loss of an iteration: before its update, or on a GPU a few iterations later.

        Where the scale of gradients is adaptive, a loss that is infinite or no number does no harm:
        its update is skipped. The training counts as lost only after many of them in a row.

        Returns: whether the loss belongs to the running mean.

        Raises:
            NumericError: it is no number or stuck at 87.3365, and on_nan is STOP.
        """
        self.lost = not math.isfinite(loss) or (
            loss >= numbers.STUCK and numbers.stuck(self.net, self._softmax))
        if not self.lost:
            self.before.append(loss)
            self._overflows = 0
            return True
        if self.state.grad_scale.adaptive and not math.isfinite(loss):
            self._overflows += 1
            self.lost = self._overflows >= LOST
            if not self.lost:
                return False
        stops = self.param.on_nan == caffe_pb2.SolverParameter.STOP
        if self._told and not stops:
            return True
        self._told = True
        at = f"the loss of iteration {iteration} is {loss:g}"
        if math.isfinite(loss):
            at += ", which means that no label has any probability left"
        told = numbers.diagnose(self.net, self.state.rate, list(self.before))
        if stops:
            raise NumericError(
                f"{at}. {told}",
                fix="Nothing was written over the last snapshot; -snapshot latest goes on from it.")
        logger.warning("%s. %s Training goes on (on_nan: WARN).", at, told)
        return True
