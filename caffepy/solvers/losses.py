"""The losses of a training as they come to be known: on a GPU, some iterations later."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy.core.memory import Place

if TYPE_CHECKING:
    from caffepy.core.net import Net
    from caffepy.solvers.state import TrainingState

WAITING = 16  # iterations: so far the host may run ahead of what it knows
TO_HOST = 2  # cudaMemcpyKind


class Losses:
    """Runs the net's forward and gives the losses of iterations to a training's state.

    Args:
        net: the net to train.
        state: gets them.
        param: the SolverParameter, for iter_size.
        see: called with each iteration and its loss as soon as that is known: at once, or on a GPU
            a few iterations later; says whether it belongs to the mean.
    """

    def __init__(
        self, net: Net, state: TrainingState, param: Any, see: Callable[[int, float], bool]
    ) -> None:
        self.net = net
        self.state = state
        self.passes: int = param.iter_size
        self.see = see
        self._sum = 0.0
        self._waiting = Waiting(net, self.passes) if Waiting.possible(net) else None

    def forward(self, at_once: bool) -> None:
        """One pass of an iteration; ``at_once`` is the same for all of them."""
        if at_once or self._waiting is None:
            self._sum += self.net.forward()
        else:
            self.net.launch_forward()
            self._waiting.send()

    def end(self, iteration: int, at_once: bool) -> None:
        """All passes of an iteration are done."""
        if at_once or self._waiting is None:
            loss, self._sum = self._sum / self.passes, 0.0
            self.settle()
            self._know(iteration, loss)
        elif self._waiting.end(iteration):
            self.settle()

    def settle(self) -> None:
        """Wait for the losses that are still on the device.

        Raises:
            CaffeError: what ``see`` or a layer has to say of them.
        """
        if self._waiting is not None:
            for iteration, loss in self._waiting.fetch():
                self._know(iteration, loss)

    def _know(self, iteration: int, loss: float) -> None:
        if self.see(iteration, loss):
            self.state.take_loss(loss)


class Waiting:
    """Losses of a net on a GPU, fetched many at a time.

    To read a loss is to wait for the device, which meanwhile gets nothing to do. So after each
    forward a copy of the numbers to the host is only queued. ``fetch`` adds them up, as
    ``net.loss`` would have done.

    Args:
        net: for which ``possible`` is true.
        passes: forwards in an iteration: ``iter_size``.
    """

    def __init__(self, net: Net, passes: int) -> None:
        self.net = net
        self.passes = passes
        self.device = net.context.accelerator
        self.terms = [node.loss_terms for node in net.nodes]
        self._blobs = [blob for layer in self.terms for blob, _ in layer]
        rows = WAITING * passes
        self._room = net.context.mover.zeros(
            Place.HOST, rows * len(self._blobs), net.dtype).reshape(rows, -1)
        self._sent = 0
        self._iterations: list[int] = []

    @staticmethod
    def possible(net: Net) -> bool:
        """Whether a net's losses can wait: single numbers that no later layer changes."""
        return bool(net.context.accelerator) and not net.losses_change and all(
            blob.count == 1 for node in net.nodes for blob, _ in node.loss_terms)

    def send(self) -> None:
        """A forward is queued: fetch its numbers when it is done."""
        memcpy = self.device.xp.cuda.runtime.memcpyAsync
        row = self._room[self._sent]
        for column, blob in enumerate(self._blobs):
            number = blob.values.read(Place.DEVICE)
            memcpy(row[column:].ctypes.data, number.data.ptr, number.nbytes, TO_HOST,
                   self.device.stream.ptr)
        self._sent += 1

    def end(self, iteration: int) -> bool:
        """An iteration has sent all; returns whether there is no room for another."""
        self._iterations.append(iteration)
        return len(self._iterations) == WAITING

    def fetch(self) -> list[tuple[int, float]]:
        """The iterations that ended since the last time, and their losses.

        Raises:
            DataError: what a layer could not say while it ran, such as a bad label.
        """
        if not self._iterations:
            return []
        self.device.synchronize()
        losses = [self._loss(row) for row in self._room[: self._sent]]
        found = []
        for index, iteration in enumerate(self._iterations):
            mine = losses[index * self.passes : (index + 1) * self.passes]
            found.append((iteration, sum(mine, 0.0) / self.passes))
        self._sent = 0
        self._iterations.clear()
        self.net.check_device()
        return found

    def _loss(self, row: np.ndarray) -> float:
        numbers = iter(row)
        loss = 0.0
        for layer in self.terms:
            part = 0.0
            for _, weight in layer:
                part += weight * float(next(numbers))
            loss += part
        return loss
