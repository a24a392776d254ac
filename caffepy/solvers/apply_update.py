"""The second half of an iteration: clip the gradients, update the parameters at the current
learning rate, and count the iteration.

On a GPU the update can be recorded behind backward as its sequel (update_sequel), unless somebody
looks at the gradients between the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caffepy import log
from caffepy.core import debug
from caffepy.solvers import clipping, local_rate, momentum, plateau, rate
from caffepy.solvers.average import Average
from caffepy.solvers.reduce import Reducer
from caffepy.solvers.state import TrainingState
from caffepy.solvers.update_device import DeviceUpdater
from caffepy.solvers.update_sequel import UpdateSequel
from caffepy.solvers.updater import Updater

if TYPE_CHECKING:
    from caffepy.core.net import Net

logger = log.get(__name__)


class ApplyUpdate:
    """What is done with a net's gradients in each iteration.

    Args:
        state: whose rate is set and whose iterations are counted.
        net, updater: whose parameters are updated, and what does it.
        reducer: which averages the gradients before a sequel, and knows the other workers.
        param: the SolverParameter.
        average: which follows the weights, if somebody wants averages.
    """

    def __init__(
        self, state: TrainingState, net: Net, updater: Updater, reducer: Reducer, param: Any,
        average: Average | None = None,
    ) -> None:
        self.state = state
        self.net = net
        self.updater = updater
        self.reducer = reducer
        self.param = param
        self.average = average
        self._sequel = (UpdateSequel(updater, reducer, state, param)
                        if isinstance(updater, DeviceUpdater) else None)
        self._said: set[str] = set()
        self._stepped = False  # whether the rate has come to another step of multistep

    def as_sequel(self, looker: str) -> UpdateSequel | None:
        """The coming update as what follows backward, which ``followed`` then concludes; None if
        it must run by itself.

        Args:
            looker: who looks at the gradients before it, in words; "" if nobody does.
        """
        if self._sequel is None:
            return None
        if self.param.lr_policy == "plateau":
            looker = "plateau looks at the loss"
        elif local_rate.asked(self.param) or clipping.apart(self.param):
            looker = "the norms of layers are looked at"
        if looker:
            if looker not in self._said:
                self._said.add(looker)
                logger.info("The update runs by itself: %s", looker)
            return None
        self._find_rate()
        return self._sequel

    def followed(self, displays: bool) -> None:
        """The update was backward's sequel: log what there is to log if the iteration
        ``displays``, and count it."""
        self._log_rate(displays)
        self._count(displays)

    def apply(self, displays: bool, *, scaled: bool) -> None:
        """Update by itself, log and count.

        Args:
            scaled: the gradients are multiplied with the net's scale.
        """
        state, p, net = self.state, self.param, self.net
        self._find_rate()
        self._log_rate(displays)
        with net.public_call():
            self.updater.bring_home()
            look = (lambda: debug.update(net)) if net.debug_info else None
            self.updater.apply(state.rate, state.iter, p.iter_size, p.clip_gradients, look,
                               scaled=scaled)
        self._count(displays)

    def average_anew(self) -> None:
        """The weights are others now: their average begins with them."""
        if self.average:
            self.average.begin_anew()

    def log_updates(self, clip: float = -1.0) -> None:
        """Log which of the updates since the last call were clipped or skipped.

        Raises:
            NumericError: updates are skipped whatever the scale, as GradScale.log_skipped finds.
        """
        self.updater.fetch_grad_scale(clip)
        self.state.grad_scale.log_skipped(self.state.iter, self.param.on_nan)

    def _find_rate(self) -> None:
        state, p = self.state, self.param
        before = state.current_step
        if p.lr_policy == "plateau":
            state.current_step = self._of_root(plateau.follow(p, state))
        else:
            state.current_step = rate.steps_taken(p, state.iter, before)
        self._stepped = p.lr_policy == "multistep" and state.current_step != before
        state.rate = rate.rate(p, state.iter, state.current_step)
        if momentum.momentum_changes(p):
            self.updater.rule.momentum = momentum.momentum(p, state.iter, state.rate)
        if momentum.decay_changes(p):
            self.updater.weight_decay = momentum.weight_decay(p, state.iter)

    def _of_root(self, step: int) -> int:
        """The step of worker 0: the losses of the others are of other batches."""
        communicator = self.reducer.communicator
        if communicator.size == 1:
            return step
        return int(communicator.broadcast_bytes(str(step).encode()))

    def _log_rate(self, displays: bool) -> None:
        state = self.state
        if self._stepped:
            logger.info("MultiStep Status: Iteration %d, step = %d", state.iter,
                        state.current_step)
        if displays:
            more = (f", m = {self.updater.rule.momentum:g}" if momentum.momentum_changes(self.param)
                    else "")
            if momentum.decay_changes(self.param):
                more += f", wd = {self.updater.weight_decay:g}"
            logger.info("Iteration %d, lr = %g%s", state.iter, state.rate, more)

    def _count(self, displays: bool) -> None:
        if displays:
            self.log_updates(-1.0 if clipping.apart(self.param) else self.param.clip_gradients)
        self.state.iter += 1
        if self.average:
            self.average.follow(self.state.iter)
