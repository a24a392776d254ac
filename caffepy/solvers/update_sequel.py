"""An update as the sequel of backward: recorded with it, so that both are one launch (see
core.recorder). What changes from one iteration to the next, such as the rate, is written to the
device before each launch."""

from __future__ import annotations

import weakref
from typing import Any

from caffepy.core.memory import Tensor
from caffepy.solvers.reduce import Reducer
from caffepy.solvers.state import TrainingState
from caffepy.solvers.update_device import DeviceUpdater

PLAIN, JUDGED = 1, 2  # kinds of updates: JUDGED ones look at the gradients' norm before


class UpdateSequel:
    """For a recorder a Sequel: the gradients are averaged over the workers, clipped and used.

    Args:
        updater, reducer: what does it. They are held weakly: they hold the net, whose recorder
            holds this, and a circle would keep a deleted net's memory.
        state: for the rate and the iteration.
        param: the SolverParameter.
    """

    def __init__(
        self, updater: DeviceUpdater, reducer: Reducer, state: TrainingState, param: Any
    ) -> None:
        self.updater: DeviceUpdater = weakref.proxy(updater)
        self.reducer: Reducer = weakref.proxy(reducer)
        self.state = state
        self.param = param
        self.position = 0

    @property
    def why_not(self) -> str:
        """Why it cannot be recorded; empty if it can.

        NCCL's averaging could be captured as well. But what it captures runs only if all workers
        run theirs, and any of them may have to go without its recordings at any time, as when its
        batch has another shape. So averaging is started between recordings, from which no host
        waits for anything.
        """
        if self.reducer.communicator.size > 1:
            return "the workers' averaging is before it"
        if not self.updater.rule.device_kernel:
            return f"{self.param.type} is array code"
        return ""

    @property
    def recordable(self) -> bool:
        return not self.why_not

    @property
    def kind(self) -> int:
        return JUDGED if self.updater.judges_with(self.param.clip_gradients) else PLAIN

    @property
    def tensors(self) -> list[Tensor]:
        return self.updater.tensors

    def before_replay(self) -> None:
        state, p = self.state, self.param
        self.updater.prepare(state.rate, state.iter, p.iter_size, p.clip_gradients, scaled=True)

    def forward(self) -> None:
        if self.reducer.communicator.size > 1:
            self.reducer.finish()
        self.updater.launch()
