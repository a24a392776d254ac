"""Where a training is: what changes from one iteration to the next, and how a snapshot keeps it.

Nets, histories and readers have their own share of it. All else is here: a loop counts in it, and
what serves the loop (tests, losses, snapshots) gets it, with the nets, in the place of a solver.

SolverState has, besides what the original saves, what makes a resumed run equal an uninterrupted
one: the seed, the position of every layer's reader or random stream, the losses of the running
mean, and an adaptive grad_scale. Snapshots of the original have none of these: a training goes on
from them as the original does, with its readers where they are.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from caffepy import log
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import set_path
from caffepy.solvers import positions
from caffepy.solvers.grad_scale import GradScale

logger = log.get(__name__)

Means = list[tuple[str, np.ndarray[Any, Any]]]  # of a test net's outputs: name, values


@dataclass
class TrainingState:
    """Of one training. ``TrainingState.of(param, net)`` is that of iteration 0.

    Attributes:
        context: of the nets, which draw by its seed.
        iter: iterations done.
        current_step: steps of lr_policy "multistep" or "plateau" taken so far.
        minimum_loss, last_event: of lr_policy "plateau"; see plateau.
        rate: the learning rate of the last update.
        losses: the last ``average_loss`` losses that are known, oldest first. On a GPU they may
            lag some iterations behind; see losses.Losses.settle.
        smoothed_loss: the mean of ``losses``.
        best_value, best_iter, tests_since_best: what snapshot_best was at its best, when (-1: not
            yet), and how many tests ago; see best.
        grad_scale: what gradients are multiplied with on their way. On a GPU it may lag behind;
            see updater.Updater.fetch_grad_scale.
        last_tests: per test net, the iteration of its last whole test and the means it gave.
        before_tests: while tests run, the positions of the test nets before: a snapshot taken
            between two batches, or after a test that was broken off, goes on with the whole test.
        stopped: whether the loop ended early because it was asked to.
    """

    context: Context
    rate: float
    losses: deque[float]
    grad_scale: GradScale
    iter: int = 0
    current_step: int = 0
    minimum_loss: float = math.inf
    last_event: int = 0
    smoothed_loss: float = 0.0
    best_value: float = 0.0
    best_iter: int = -1
    tests_since_best: int = 0
    last_tests: dict[int, tuple[int, Means]] = field(default_factory=dict)
    before_tests: list[Any] | None = None
    stopped: bool = False

    @staticmethod
    def of(param: Any, net: Net) -> TrainingState:
        """That of a training of ``net`` which has not begun.

        Args:
            param: the SolverParameter.

        Raises:
            ConfigError: as GradScale.of.
        """
        return TrainingState(net.context, param.base_lr, deque(maxlen=param.average_loss),
                             GradScale.of(net))

    @property
    def seed(self) -> int:
        """Of all that is drawn; see ``random_seed``."""
        return self.context.seed

    def take_loss(self, loss: float) -> None:
        """Take a loss into the running mean, rounded as a snapshot keeps it."""
        loss = float(np.float32(loss))
        losses = self.losses
        if len(losses) < losses.maxlen:  # type: ignore[operator]
            mean = (self.smoothed_loss * len(losses) + loss) / (len(losses) + 1)
        else:
            mean = self.smoothed_loss + (loss - losses[0]) / len(losses)
        losses.append(loss)
        self.smoothed_loss = float(np.float32(mean))

    # -- as a snapshot keeps it -----------------------------------------------------------

    def to_proto(
        self, learned_net: str, net: Net, test_nets: Sequence[Net], average_net: str = ""
    ) -> Any:
        """The SolverState, without history.

        Args:
            learned_net: the file with the weights.
            net, test_nets: whose positions go with it.
            average_net: the file with the averaged weights, if there are any.
        """
        tests = positions.of(test_nets) if self.before_tests is None else self.before_tests
        state = caffe_pb2.SolverState(
            iter=self.iter, current_step=self.current_step,
            layer_state=[*positions.of([net]), *tests],
            seed=self.seed, losses=self.losses, smoothed_loss=self.smoothed_loss)
        set_path(state, "learned_net", learned_net)
        if average_net:
            set_path(state, "average_net", average_net)
        scale = self.grad_scale
        if scale.adaptive:
            state.grad_scale, state.good_updates = scale.value, scale.good
        if math.isfinite(self.minimum_loss):
            state.minimum_loss, state.last_event = self.minimum_loss, self.last_event
        if self.best_iter >= 0:
            state.best_value, state.best_iter = self.best_value, self.best_iter
            state.tests_since_best = self.tests_since_best
        return state

    def from_proto(self, state: Any, param: Any, net: Net, test_nets: Sequence[Net]) -> None:
        """Be what a SolverState says, and bring readers and random streams there.

        Args:
            param: the SolverParameter: a random_seed that it sets counts more than the state's.
        """
        self.iter, self.current_step = state.iter, state.current_step
        self.minimum_loss = state.minimum_loss if state.HasField("minimum_loss") else math.inf
        self.last_event = state.last_event
        self.best_value, self.best_iter = state.best_value, state.best_iter
        self.tests_since_best = state.tests_since_best
        self.losses.clear()
        self.losses.extend(state.losses)
        self.smoothed_loss = state.smoothed_loss
        if len(state.losses) > len(self.losses):  # average_loss has become smaller
            self.smoothed_loss = sum(self.losses) / len(self.losses)
        scale = self.grad_scale
        if scale.adaptive:  # a state without one (an older one, the original's) starts it anew
            scale.value = state.grad_scale if state.HasField("grad_scale") else scale.start
            scale.good, scale.in_a_row = state.good_updates, 0
        if not state.HasField("seed"):  # the original's
            return
        if param.random_seed < 0:
            self.context.seed = state.seed
        elif self.seed != state.seed:
            logger.warning("the snapshot was taken with random_seed: %d, not %d; going on with the "
                           "solver file's", state.seed, self.seed)
        positions.go_to([net, *test_nets], state.layer_state)
