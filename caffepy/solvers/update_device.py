"""Applying an update rule on a GPU: one kernel does all of it, for all parameters at once.

What ``Updater`` does chunk by chunk, and in the same order, source/update.cu does piece by piece.
A table on the device says where the pieces are and what their rates and decays are multiplied
with. What changes from one iteration to the next are a few numbers, which go with the launch.

A rule without a kernel runs as array code on CuPy's arrays, one parameter after the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy.solvers.rule import Array, Rule
from caffepy.solvers.update import check_regularization, clip_scale

if TYPE_CHECKING:
    from caffepy.core.net import Net

PIECE = 4096  # numbers that one block of threads updates
THREADS = 256
TYPES = {"float32": "float", "float64": "double"}
WHOLE, COMPUTE, SUBTRACT = 0, 1, 2  # what the kernel is to do; see update.cu


class DeviceUpdater:
    """Owns the histories of a net's parameters, on its device. As ``solvers.update.Updater``.

    Args:
        net: whose parameters are learned; its arena is made here if it is not yet.
        rule: the update rule.
        param: the SolverParameter, for weight_decay and regularization_type.
    """

    def __init__(self, net: Net, rule: Rule, param: Any) -> None:
        check_regularization(param)
        self.net = net
        self.rule = rule
        self.weight_decay: float = param.weight_decay
        self.l1 = param.regularization_type == "L1"
        self.xp = net.context.xp
        self.place = net.context.place
        self.device = net.context.accelerator
        self.arena = net.arena
        self._homes: list[Array] = []
        self._kind = TYPES[net.dtype.name]
        with net.context.computing():
            self.history: list[Array] = [
                self.xp.zeros(self.arena.count, net.dtype) for _ in range(rule.histories)]
            self._follow([p.blob.values.write(self.place) for p in net.parameters])
            self._sums = self.xp.empty(len(self._pieces), np.float64)

    def _follow(self, homes: list[Array]) -> None:
        """Note where the parameters are. ``share_weights`` may have moved them out of the arena,
        into the memory of another net."""
        if len(homes) == len(self._homes) and all(
                home is old for home, old in zip(homes, self._homes, strict=True)):
            return
        self._homes = homes
        pieces, mults = [], []
        for p, home in zip(self.net.parameters, homes, strict=True):
            for at in range(0, p.count, PIECE):
                address = home.data.ptr + at * home.itemsize
                pieces.append((address, p.offset + at, min(PIECE, p.count - at)))
                mults.append((p.lr_mult, p.decay_mult))
        self._pieces = self.xp.asarray(np.array(pieces, np.int64).reshape(-1, 3))
        self._mults = self.xp.asarray(np.array(mults, np.float64).reshape(-1, 2))

    # -- what a step does -----------------------------------------------------------------

    def bring_home(self) -> None:
        """Make gradients current in the arena, wherever they are now: before all that follows."""
        for parameter in self.net.parameters:
            parameter.blob.grads.write(self.place)

    def norm(self) -> float:
        """The L2 norm of all gradients together."""
        if not len(self._pieces):
            return 0.0
        with self.net.context.computing():
            self.device.launch_grid(f"update.squares_{self._kind}", len(self._pieces), THREADS,
                                    self._pieces, self.arena.grads, self._sums)
            return math.sqrt(math.fsum(self._sums.get()))

    def clipping(self, most: float) -> float:
        """What to scale gradients with so that their norm is at most ``clip_gradients``.

        See Updater.clipping. Since the log tells of it, the host waits for the norm.
        """
        return clip_scale(self.norm(), most) if most >= 0 else 1.0

    def apply(
        self, rate: float, iteration: int, scale: float = 1.0,
        look: Callable[[], None] | None = None,
    ) -> None:
        """One update of all parameters. Their gradients must have been brought home.

        See Updater.apply for the arguments.
        """
        self._follow([p.blob.values.write(self.place) for p in self.net.parameters])
        self.rule.begin(iteration)
        run = self._launch if self.rule.kernel else self._compute_as_arrays
        if look is None:
            run(rate, scale, WHOLE)
        else:
            run(rate, scale, COMPUTE)
            look()
            for parameter in self.net.parameters:  # what was looked at on the host is old again
                parameter.blob.values.write(self.place)
            run(rate, scale, SUBTRACT)

    def _launch(self, rate: float, scale: float, what: int) -> None:
        if not len(self._pieces):
            return
        momentum, second, delta, correction = self.rule.constants()
        numbers = (rate * correction, momentum, second, delta, scale, self.weight_decay)
        self.device.launch_grid(
            f"update.{self.rule.kernel}_{self._kind}", len(self._pieces), THREADS,
            self._pieces, self._mults, self.arena.grads, self.history[0], self.history[-1],
            *map(np.float64, numbers), int(self.l1), what,
        )

    def _compute_as_arrays(self, rate: float, scale: float, what: int) -> None:
        for p, home in zip(self.net.parameters, self._homes, strict=True):
            part = slice(p.offset, p.offset + p.count)
            w, g = home.reshape(-1), self.arena.grads[part]
            if what != SUBTRACT:
                g *= scale
                if decay := self.weight_decay * p.decay_mult:
                    g += decay * (self.xp.sign(w) if self.l1 else w)
                history = tuple(array[part] for array in self.history)
                self.rule.update(g, history, rate * p.lr_mult, self.xp.empty_like(g))
            if what != COMPUTE:
                w -= g

    # -- snapshots ------------------------------------------------------------------------

    def history_blobs(self) -> list[Array]:
        """Copies of the histories on the host. See Updater.history_blobs."""
        with self.net.context.computing():
            copies = [array.get() for array in self.history]
        return [array[p.offset : p.offset + p.count].reshape(p.blob.shape)
                for array in copies for p in self.net.parameters]

    def restore(self, history: Sequence[Array]) -> None:
        """See Updater.restore."""
        given = iter(history)
        with self.net.context.computing():
            for array in self.history:
                for p in self.net.parameters:
                    values = np.asarray(next(given), array.dtype).reshape(-1)
                    array[p.offset : p.offset + p.count].set(values)

    def close(self) -> None:
        """Nothing to let go of."""
