"""The second half of an iteration: gradients are averaged, clipped and used, behind its passes.

On a GPU all of it can be the sequel of backward, recorded with it, so that both are one launch (see
core.recorder). What changes from one iteration to the next, such as the rate, the device is told
before. It is no sequel where somebody looks at the gradients in between.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from caffepy import log
from caffepy.core import debug, scaled
from caffepy.core.memory import Tensor
from caffepy.solvers import rate
from caffepy.solvers.update_device import DeviceUpdater

if TYPE_CHECKING:
    from caffepy.solvers.solver import Solver

logger = log.get(__name__)

PLAIN, JUDGED = 1, 2  # kinds of updates: JUDGED ones look at the gradients' norm before


class Update:
    """What a solver does with the gradients of its net; for a recorder a Sequel."""

    def __init__(self, solver: Solver) -> None:
        self.solver: Solver = weakref.proxy(solver)  # a circle would keep a deleted net's memory
        self.position = 0
        self._said: set[str] = set()
        self._stepped = False  # whether the rate has come to another step of multistep

    # -- with backward ----------------------------------------------------------------------

    def as_sequel(self, debug_info: bool) -> Update | None:
        """What comes behind the last backward of this iteration, as part of it; None if the
        gradients are looked at first."""
        solver = self.solver
        if not solver.context.accelerator:
            return None
        if solver.on_gradients or debug_info:
            looker = "callbacks look" if solver.on_gradients else "debug_info looks"
            if looker not in self._said:
                self._said.add(looker)
                logger.info("The update runs by itself: %s at the gradients", looker)
            return None
        self._rate_of_now()
        return self

    @property
    def updater(self) -> DeviceUpdater:
        updater = self.solver.updater
        assert isinstance(updater, DeviceUpdater)
        return updater

    @property
    def why_not(self) -> str:
        """Why it cannot be recorded; empty if it can.

        NCCL's averaging could be captured as well. But what it captures runs only if all workers
        run theirs, and any of them may have to go without its recordings at any time, as when its
        batch has another shape. So averaging is started between recordings, from which no host
        waits for anything.
        """
        if self.solver.communicator.size > 1:
            return "the workers' averaging is before it"
        if not self.updater.rule.kernel:
            return f"{self.solver.param.type} is array code"
        return ""

    @property
    def recordable(self) -> bool:
        return not self.why_not

    @property
    def kind(self) -> int:
        return JUDGED if self.updater.judges_with(self.solver.param.clip_gradients) else PLAIN

    @property
    def tensors(self) -> list[Tensor]:
        return self.updater.tensors

    def before_replay(self) -> None:
        solver, p = self.solver, self.solver.param
        self.updater.prepare(solver.rate, solver.iter, p.iter_size, p.clip_gradients, scaled=True)

    def forward(self) -> None:
        if self.solver.communicator.size > 1:
            self.solver.reducer.finish()
        self.updater.launch()

    # -- behind backward ----------------------------------------------------------------------

    def finish(self, done: bool) -> None:
        """All that is left to do behind an iteration's passes; ``done`` if it was their sequel."""
        solver = self.solver
        if done:
            self._say_rate()
            self._end()
            return
        with solver.grad_scale.overflowing():
            solver.reducer.finish()
        hooks = tuple(solver.on_gradients)
        if hooks:  # which see gradients without their scale
            with solver.net.public_call():
                scaled.multiply(solver.net, 1 / solver.net.grad_scale())
            for hook in hooks:
                hook(solver)
        self.apply(scaled=not hooks)

    def apply(self, scaled: bool) -> None:
        """Clip and update by itself, and count the iteration. See Solver.apply_update.

        Args:
            scaled: the gradients are multiplied with the net's scale.
        """
        solver, p, net = self.solver, self.solver.param, self.solver.net
        self._rate_of_now()
        self._say_rate()
        with net.public_call():
            solver.updater.bring_home()
            look = (lambda: debug.update(net)) if net.debug_info else None
            solver.updater.apply(solver.rate, solver.iter, p.iter_size, p.clip_gradients, look,
                                 scaled=scaled)
        self._end()

    def notice(self, clip: float = -1.0) -> None:
        """Log what became of updates, as far as nobody has seen it yet.

        Raises:
            NumericError: none can be made any more.
        """
        self.solver.updater.fetch_grad_scale(clip)
        self.solver.grad_scale.tell(self.solver.iter, self.solver.param.on_nan)

    def _rate_of_now(self) -> None:
        solver, p = self.solver, self.solver.param
        before = solver.current_step
        solver.current_step = rate.steps_taken(p, solver.iter, before)
        self._stepped = p.lr_policy == "multistep" and solver.current_step != before
        solver.rate = rate.rate(p, solver.iter, solver.current_step)

    def _say_rate(self) -> None:
        solver = self.solver
        if self._stepped:
            logger.info("MultiStep Status: Iteration %d, step = %d", solver.iter,
                        solver.current_step)
        if solver.displays:
            logger.info("Iteration %d, lr = %g", solver.iter, solver.rate)

    def _end(self) -> None:
        if self.solver.displays:
            self.notice(self.solver.param.clip_gradients)
        self.solver.iter += 1
