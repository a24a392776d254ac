"""Applying an update rule on a GPU: one kernel does all of it, for all parameters at once.

What ``Updater`` does chunk by chunk, and in the same order, source/update.cu does piece by piece.
A table on the device says where the pieces are and what their rates and decays are multiplied
with. What changes from one iteration to the next lies on the device too: the host says it by a
small kernel, where it differs from the last time; so the update itself is the same work each time
and can be recorded with the backward before it.

Clipping and an adaptive ``global_grad_scale`` need the norm of all gradients. Two kernels find it
and judge, and the update follows what they have found; the host waits for nothing, and reads it
when it has something to show.

A rule without a kernel runs as array code on CuPy's arrays, one parameter after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy.core.scaled import seed_losses
from caffepy.solvers import clipping, local_rate
from caffepy.solvers import grad_scale as scaling
from caffepy.solvers.grad_scale import GradScale
from caffepy.solvers.rule import Array, Rule
from caffepy.solvers.updater import Updater, clip_scale

if TYPE_CHECKING:
    from caffepy.core.memory import Tensor
    from caffepy.core.net import Net

PIECE = 4096  # numbers that one block of threads updates
THREADS = 256
TYPES = {"float32": "float", "float64": "double"}
WHOLE, COMPUTE, SUBTRACT = 0, 1, 2  # what the kernel is to do; see update.cu
TOLD = 8  # numbers of a Told
GRAD_SCALE, GOOD, SKIPPED, IN_A_ROW, NORM, SCALE, SKIPS = range(7)  # the numbers of a Found


class DeviceUpdater(Updater):
    """The Updater of a net whose parameters are on a device: its work is queued there."""

    def __init__(
        self, net: Net, rule: Rule, param: Any, grad_scale: GradScale | None = None
    ) -> None:
        super().__init__(net, rule, param, grad_scale)
        self.judges = False
        self.xp = net.context.xp
        self.place = net.context.place
        self.device = net.context.accelerator
        self._homes: list[Array] = []
        self._starts: list[Array] = []
        self._where: Array = None  # of the losses' gradients
        self._weights: Array = None
        self._said: tuple[float, ...] = ()
        self._rate = 0.0
        self._kind = TYPES[net.dtype.name]
        self._param = param
        self._local = param if local_rate.asked(param) else None
        with net.context.computing():
            self._pieces, self._mults = self.xp.empty((0, 3), np.int64), self.xp.empty((0, 2))
            self.history: list[Array] = [
                self.xp.zeros(self.arena.count, net.dtype) for _ in range(rule.histories)]
            self._told = self.xp.zeros(TOLD, np.float64)
            self._found = self.xp.zeros(SKIPS + 1, np.float64)
            self._follow()
            self._sums = self.xp.empty(len(self._pieces), np.float64)
        self.follow_grad_scale()

    def _follow(self) -> None:
        """Note where the parameters and the losses' gradients are. ``share_weights`` may have
        moved parameters out of the arena, into the memory of another net."""
        homes = [p.blob.values.read(self.place) for p in self.net.parameters]
        starts = [seed.read(self.place) for seed, _ in self._seeds]
        if not _same(homes, self._homes):
            self._homes = homes
            pieces, mults = [], []
            for p, home in zip(self.net.parameters, homes, strict=True):
                for at in range(0, p.count, PIECE):
                    address = home.data.ptr + at * home.itemsize
                    pieces.append((address, p.offset + at, min(PIECE, p.count - at)))
                    mults.append((p.lr_mult, p.decay_mult))
            self._pieces = self.xp.asarray(np.array(pieces, np.int64).reshape(-1, 3))
            self._mults = self.xp.asarray(np.array(mults, np.float64).reshape(-1, 2))
            self._lr_mults = [p.lr_mult for p in self.net.parameters]
        if not _same(starts, self._starts):
            self._starts = starts
            where = [(start.data.ptr, start.size) for start in starts]
            self._where = self.xp.asarray(np.array(where, np.int64))
            self._weights = self.xp.asarray(np.array([w for _, w in self._seeds], np.float64))

    @property
    def _seeds(self) -> list[tuple[Tensor, float]]:
        """The losses' gradients that the device renews, and the weights of the losses."""
        if not self.grad_scale.adaptive:
            return []
        return [(blob.grads, weight) for node in self.net.nodes for blob, weight in node.loss_terms]

    # -- what a step does -----------------------------------------------------------------

    def bring_home(self) -> None:
        for parameter in self.net.parameters:
            parameter.blob.grads.write(self.place)

    def apply(
        self, rate: float, iteration: int, passes: int = 1, clip: float = -1.0,
        look: Callable[[], None] | None = None, *, scaled: bool = False,
    ) -> None:
        if clipping.apart(self._param):
            clipping.clip(self._param, self.net, self.net.grad_scale() if scaled else 1.0)
            clip = -1.0
        self.prepare(rate, iteration, passes, clip, scaled)
        if look is None:
            self.launch()
            return
        self._launch(COMPUTE)
        look()
        self.bring_home()  # what was looked at on the host is old again
        self._launch(SUBTRACT)

    def prepare(
        self, rate: float, iteration: int, passes: int, clip: float, scaled: bool
    ) -> None:
        """Tell the device what is new; the next ``launch``, recorded or not, goes by it.

        See Updater.apply for the arguments.
        """
        self.judges = self.judges_with(clip)
        self.rule.begin(iteration)
        self._follow()
        scale = 1 / passes
        if scaled and not self.judges:
            scale /= self.grad_scale.value
        self._rate = rate  # array code has the correction itself
        told_rate = rate * self.rule.correction if self.rule.device_kernel else rate
        decay = self.weight_decay * (rate if self.rule.decoupled else 1)
        said = (told_rate, *self.rule.constants(), scale, decay, clip, float(scaled))
        if said != self._said:
            self.device.launch_grid("update.tell", 1, 1, self._told, *map(np.float64, said))
            self._said = said

    def judges_with(self, clip: float) -> bool:
        """Whether an update needs the norm of the gradients."""
        return self.grad_scale.adaptive or clip >= 0

    def launch(self) -> None:
        """Queue the update that was prepared: the same work each time, as long as
        ``judges_with`` says the same and the memories are what they were."""
        self._launch(WHOLE)

    @property
    def tensors(self) -> list[Tensor]:
        """All that an update touches."""
        blobs = [p.blob for p in self.net.parameters]
        return [*(t for b in blobs for t in (b.values, b.grads)), *(t for t, _ in self._seeds)]

    def _launch(self, what: int) -> None:
        for parameter in self.net.parameters:
            parameter.blob.values.write(self.place)
            parameter.blob.grads.write(self.place)
        if not len(self._pieces):
            return
        if self.judges and what != SUBTRACT:
            self._judge()
        if self._local and what != SUBTRACT:
            self._find_local_rates()
        if not self.rule.device_kernel:
            self._compute_as_arrays(what)
            return
        self.device.launch_grid(
            f"update.{self.rule.device_kernel}_{self._kind}", len(self._pieces), THREADS,
            self._pieces, self._mults, self.arena.grads, self.history[0], self.history[-1],
            self._told, self._found if self.judges else None, int(self.l1), what)

    def _find_local_rates(self) -> None:
        """Let each parameter have the lr_mult that local_rate says now; it waits for the device."""
        scale = float(self._found.get()[SCALE]) if self.judges else self._said[4]
        squares = [self.xp.square(numbers.reshape(-1)).sum(dtype=np.float64)
                   for p, home in zip(self.net.parameters, self._homes, strict=True)
                   for numbers in (home, self.arena.grads[p.offset : p.offset + p.count])]
        norms = np.sqrt(self.xp.stack(squares).get().reshape(-1, 2)) * (1, scale)
        self._lr_mults = [local_rate.multiplier(self._local, p.lr_mult, self._rate, *pair)
                          for p, pair in zip(self.net.parameters, norms.tolist(), strict=True)]
        pieces = [-(-p.count // PIECE) for p in self.net.parameters]
        self._mults[:, 0] = self.xp.asarray(np.repeat(self._lr_mults, pieces))

    def _judge(self) -> None:
        self.device.launch_grid(f"update.squares_{self._kind}", len(self._pieces), THREADS,
                                self._pieces, self.arena.grads, self._sums)
        for seed, _ in self._seeds:
            seed.overwrite(self.place)
        self.device.launch_grid(
            f"update.judge_{self._kind}", 1, THREADS, len(self._pieces), self._sums, self._told,
            self._found, scaling.GOOD if self.grad_scale.adaptive else 0, np.float64(scaling.LEAST),
            len(self._seeds), self._where, self._weights)

    def _compute_as_arrays(self, what: int) -> None:
        scale, skips = self._said[4], False
        if self.judges:
            found = self._found.get()
            scale, skips = float(found[SCALE]), bool(found[SKIPS])
        for p, home, lr_mult in zip(self.net.parameters, self._homes, self._lr_mults, strict=True):
            part = slice(p.offset, p.offset + p.count)
            w, g = home.reshape(-1), self.arena.grads[part]
            if skips:
                g[...] = 0
            elif what != SUBTRACT:
                g *= scale
                rate, decay = self._rate * lr_mult, self.weight_decay * p.decay_mult
                decayed = self.xp.sign(w) if self.l1 else w
                if decay and not self.rule.decoupled:
                    g += decay * decayed
                history = tuple(array[part] for array in self.history)
                self.rule.update(g, history, rate, self.xp.empty_like(g))
                if decay and self.rule.decoupled:
                    g += rate * decay * decayed
            if what != COMPUTE:
                w -= g

    # -- what the host gets to know ---------------------------------------------------------

    def fetch_grad_scale(self, clip: float = -1.0) -> None:
        if not self.judges:
            return
        with self.net.context.computing():
            found = self._found.get()
        if clip >= 0:
            clip_scale(float(found[NORM]), clip)
        if self.grad_scale.adaptive:
            self.grad_scale.value = float(found[GRAD_SCALE])
            self.grad_scale.good, self.grad_scale.skipped, self.grad_scale.in_a_row = (
                int(found[i]) for i in (GOOD, SKIPPED, IN_A_ROW))

    def follow_grad_scale(self) -> None:
        s = self.grad_scale
        found = np.array([s.value, s.good, s.skipped, s.in_a_row, 0, 1, 0], np.float64)
        with self.net.context.computing():
            self._found.set(found)
        if self._starts:
            seed_losses(self.net)

    # -- snapshots ------------------------------------------------------------------------

    def history_blobs(self) -> list[Array]:
        with self.net.context.computing():
            copies = [array.get() for array in self.history]
        return [array[p.offset : p.offset + p.count].reshape(p.blob.shape)
                for array in copies for p in self.net.parameters]

    def restore(self, history: Sequence[Array]) -> None:
        given = iter(history)
        with self.net.context.computing():
            for array in self.history:
                for p in self.net.parameters:
                    values = np.asarray(next(given), array.dtype).reshape(-1)
                    array[p.offset : p.offset + p.count].set(values)


def _same(some: Sequence[Array], others: Sequence[Array]) -> bool:
    return len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True))
