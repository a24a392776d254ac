"""The first half of an iteration: ``iter_size`` times forward and backward."""

from __future__ import annotations

from typing import Any

from caffepy.core import debug
from caffepy.core.net import Net
from caffepy.core.recording import Sequel
from caffepy.solvers.losses import Losses
from caffepy.solvers.reduce import Reducer
from caffepy.solvers.state import TrainingState
from caffepy.solvers.watch import Watch


class ForwardBackward:
    """Leaves the gradients of an iteration in its net, and its loss in the training's state.

    Args:
        state: the training's.
        net: the net to train.
        losses: which runs its forward.
        reducer: which averages gradients over the workers, with ``layer_wise_reduce`` meanwhile.
        watch: which looks at the first batches.
        param: the SolverParameter.

    Attributes:
        last_pass: whether the pass that runs is the last of the iteration.
    """

    def __init__(
        self, state: TrainingState, net: Net, losses: Losses, reducer: Reducer, watch: Watch,
        param: Any,
    ) -> None:
        self.state = state
        self.net = net
        self.losses = losses
        self.reducer = reducer
        self.watch = watch
        self.param = param
        self.last_pass = True
        self._waits = param.lr_policy == "plateau"  # the rate goes by the iteration's own loss

    def run(self, debug_info: bool, sequel: Sequel | None) -> None:
        """All passes.

        Args:
            debug_info: log what all blobs hold.
            sequel: follows the last backward.
        """
        net = self.net
        overlaps = (self.param.layer_wise_reduce and self.reducer.communicator.size > 1
                    and not debug_info)  # whose lines tell of this worker's gradients
        net.set_debug_info(debug_info)
        with net.public_call(), self.state.grad_scale.overflowing():
            net.clear_param_diffs()
            for left in reversed(range(self.param.iter_size)):
                self.losses.forward(debug_info or self._waits)
                self.last_pass = not left
                if left:
                    net.launch_backward()
                else:
                    net.launch_backward(sequel, self.reducer.layer_done if overlaps else None)
                if debug_info:
                    debug.norms(net)
        self.watch.forwarded()
        self.losses.end(self.state.iter, debug_info or self._waits)
