"""Applying an update rule to all parameters of a net: in cache-sized chunks, on several threads.

For each parameter, in the original's order:

    g *= scale                          clipping, 1 / iter_size and 1 / global_grad_scale
    g += decay * w  or  decay * sign(w) weight_decay * decay_mult, L2 or L1
    g  = the rule's update              with rate * lr_mult
    w -= g

Afterwards the parameter's diff holds what was subtracted, which scripts look at. Where nobody can,
in the command's nets (``optimize``), it is not written: a sixth of the update of a large net.

One after the other these passes over a large net would each go through main memory. So all of
them are done on one chunk of the arena while it lies in the cache, then on the next. NumPy lets
go of Python's lock inside each pass, hence threads help; how many there are changes no number.
Where diffs are not written an engine may have a kernel for the rule, with L2 decay, which needs
fewer passes and has all threads in each.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy import cores, forks, log
from caffepy.core import scaled as scaled_gradients
from caffepy.core.memory import Place
from caffepy.errors import ConfigError, did_you_mean
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.operations.update import UpdateSpec
from caffepy.solvers.grad_scale import GradScale
from caffepy.solvers.rule import Array, Rule

if TYPE_CHECKING:
    from caffepy.core.arena import Parameter
    from caffepy.core.net import Net

logger = log.get(__name__)

CHUNK = 65536  # numbers: a chunk of weights, gradients, history and scratch stays in the cache
OF_ALL_THREADS = 4 * CHUNK  # numbers of a chunk in which all threads have a part
LEAST_PER_THREAD = 4 * CHUNK  # less than this is not worth waking another thread for
MOST_THREADS = 8  # memory is the limit long before
REGULARIZATIONS = ("L2", "L1")


@dataclass
class Chunk:
    """A run of numbers in the arena with one lr_mult and one decay_mult."""

    lr_mult: float
    decay_mult: float
    values: Array
    grads: Array
    history: tuple[Array, ...]


class Updater:
    """Owns the histories of a net's parameters and carries out a rule.

    Args:
        net: whose parameters are learned; its arena is made here if it is not yet.
        rule: the update rule.
        param: the SolverParameter, for weight_decay and regularization_type.
        threads: how many at most; None takes OMP_NUM_THREADS or the cores there are.
        grad_scale: of the net; by default gradients are not scaled.
    """

    def __init__(
        self, net: Net, rule: Rule, param: Any, threads: int | None = None,
        grad_scale: GradScale | None = None,
    ) -> None:
        check_regularization(param)
        self.net = net
        self.rule = rule
        self.grad_scale = grad_scale or GradScale()
        self.weight_decay: float = param.weight_decay
        self.l1 = param.regularization_type == "L1"
        arena = net.arena
        mover = net.context.mover
        self.history: list[Array] = [
            mover.zeros(Place.HOST, arena.count, net.dtype) for _ in range(rule.histories)
        ]
        self._moved = False
        self._homes = [p.blob.values.write(Place.HOST) for p in net.parameters]
        self._threads = max(1, min(threads or cores.threads(), MOST_THREADS,
                                   arena.count // LEAST_PER_THREAD))
        self._scratch = [mover.zeros(Place.HOST, 2 * CHUNK, net.dtype)
                         for _ in range(self._threads)]
        self._shown = not net.optimize or param.snapshot_diff  # whether diffs are looked at
        self._plan()
        self._start_threads()
        forks.watch(self)
        self._skips = False
        self._scale = 1.0
        self._rate = 0.0

    def _start_threads(self) -> None:
        self._pool = ThreadPoolExecutor(self._threads - 1) if self._threads > 1 else None

    def after_fork_in_child(self) -> None:
        """The threads that there were are the parent's."""
        if self._pool:
            self._start_threads()

    def _plan(self) -> None:
        """Cut the arena into chunks, and ask the engine for kernels, which are for the constants
        of now: ``apply`` plans anew when they have changed."""
        self._planned_for = self._settings()
        self._chunks = list(self._cut(CHUNK))
        self._kernels: list[tuple[Any, Chunk]] = []
        if self._shown or (self.l1 and self.weight_decay):
            return
        with contextlib.suppress(Unsupported):
            self._kernels = [(self._kernel(c), c) for c in self._cut(OF_ALL_THREADS)]

    def _settings(self) -> tuple[float, ...]:
        """What kernels are planned for, and a rule or a script may change as it goes on."""
        return *self.rule.constants()[:3], self.weight_decay

    def _kernel(self, chunk: Chunk) -> Any:
        momentum, second, delta, _ = self.rule.constants()
        return self.net.context.engines[0].plan(UpdateSpec(
            self.rule.kernel, chunk.values.size, momentum, second, delta,
            bool(self.weight_decay * chunk.decay_mult), self.net.dtype.name))

    def _cut(self, size: int) -> Iterator[Chunk]:
        grads = self.net.arena.grads
        for start, lr_mult, decay_mult, values in self._pieces():
            for at in range(0, values.size, size):
                part = values[at : at + size]
                place = slice(start + at, start + at + part.size)
                yield Chunk(lr_mult, decay_mult, part, grads[place],
                            tuple(array[place] for array in self.history))

    def _pieces(self) -> Iterator[tuple[int, float, float, Array]]:
        """(place in the arena, lr_mult, decay_mult, weights) of what can be taken together."""
        if self._moved:
            for p, home in zip(self.net.parameters, self._homes, strict=True):
                yield p.offset, p.lr_mult, p.decay_mult, home.reshape(-1)
        else:
            for start, stop, lr_mult, decay_mult in runs(self.net.parameters):
                yield start, lr_mult, decay_mult, self.net.arena.values[start:stop]

    def _follow(self, homes: list[Array]) -> None:
        """Work on the parameters where they are now. ``share_weights`` may have moved them out of
        the arena, into the memory of another net; then each is cut by itself."""
        if all(home is old for home, old in zip(homes, self._homes, strict=True)):
            return
        self._moved, self._homes = True, homes
        self._plan()

    # -- what a step does -----------------------------------------------------------------

    def bring_home(self) -> None:
        """Make gradients current in the arena, wherever they are now: before all that follows."""
        for parameter in self.net.parameters:
            parameter.blob.grads.write(Place.HOST)

    def norm(self) -> float:
        """The L2 norm of all gradients together."""
        sums = [0.0] * len(self._chunks)

        def square(index: int, t: Array) -> None:
            g = self._chunks[index].grads
            t = np.multiply(g, g, out=t[: g.size])
            sums[index] = float(np.add.reduce(t))

        self._each_chunk(square)
        return math.sqrt(math.fsum(sums))

    def clipping(self, most: float, carried: float = 1.0) -> float:
        """What to scale gradients with so that their norm is at most ``clip_gradients``.

        As in the original, the norm is that of the sum over iter_size, before the division, and
        a negative ``most`` turns clipping off. ``carried`` is the scale that gradients carry.
        """
        return clip_scale(self.norm() / carried, most) if most >= 0 else 1.0

    def apply(
        self, rate: float, iteration: int, passes: int = 1, clip: float = -1.0,
        look: Callable[[], None] | None = None, *, scaled: bool = False,
    ) -> None:
        """One update of all parameters. Their gradients must have been brought home.

        Args:
            rate: the learning rate, without lr_mult.
            iteration: from 0.
            passes: ``iter_size``, which gradients are divided by.
            clip: ``clip_gradients``.
            look: called when all updates are computed and none is subtracted yet.
            scaled: gradients are multiplied with ``grad_scale``.
        """
        self._follow([p.blob.values.write(Place.HOST) for p in self.net.parameters])
        self.rule.begin(iteration)
        if self._settings() != self._planned_for:
            self._plan()
        carried, before = self.grad_scale.value if scaled else 1.0, self.grad_scale.value
        self._skips = self.grad_scale.adaptive and not self.grad_scale.judge(self.finite())
        self._rate = rate
        self._scale = 1.0 if self._skips else self.clipping(clip, carried) / passes / carried
        if look is None and self._kernels and not self._skips:
            self._run_kernels()
        elif look is None:
            self._each_chunk(self._update)
        else:
            self._each_chunk(self._compute)
            look()
            self._each_chunk(self._subtract)
        if self.grad_scale.value != before:
            self.put()

    def finite(self) -> bool:
        """Whether all gradients are finite numbers."""
        found = [True] * len(self._chunks)

        def look(index: int, _: Array) -> None:
            found[index] = bool(np.isfinite(self._chunks[index].grads).all())

        self._each_chunk(look)
        return all(found)

    def _run_kernels(self) -> None:
        *_, correction = self.rule.constants()
        rate = self._rate * correction
        for kernel, chunk in self._kernels:
            kernel.step(chunk.values, chunk.grads, chunk.history, self._scale,
                        self.weight_decay * chunk.decay_mult, rate * chunk.lr_mult)

    def _update(self, index: int, scratch: Array) -> None:
        chunk = self._chunks[index]
        u = chunk.grads if self._shown else scratch[CHUNK : CHUNK + chunk.grads.size]
        self._rule_into(u, chunk, scratch)
        np.subtract(chunk.values, u, out=chunk.values)

    def _compute(self, index: int, scratch: Array) -> None:
        chunk = self._chunks[index]
        self._rule_into(chunk.grads, chunk, scratch)

    def _subtract(self, index: int, scratch: Array) -> None:
        chunk = self._chunks[index]
        np.subtract(chunk.values, chunk.grads, out=chunk.values)

    def _rule_into(self, u: Array, chunk: Chunk, scratch: Array) -> None:
        """u = what is to be subtracted. It may be the gradients' own place."""
        w, g, t = chunk.values, chunk.grads, scratch[: chunk.grads.size]
        if self._skips:
            u.fill(0)
            return
        if self._scale != 1:
            g = np.multiply(g, self._scale, out=u)
        decay = self.weight_decay * chunk.decay_mult
        if decay:
            if self.l1:
                np.multiply(np.sign(w, out=t), decay, out=t)
            else:
                np.multiply(w, decay, out=t)
            g = np.add(g, t, out=u)
        if g is not u:
            np.copyto(u, g)
        self.rule.update(u, chunk.history, self._rate * chunk.lr_mult, t)

    def _each_chunk(self, work: Callable[[int, Array], None]) -> None:
        """Call ``work(index, scratch)`` for every chunk, each thread taking the next one."""
        queue = itertools.count()  # next() on it is one step that no thread can interrupt
        last = len(self._chunks)

        def run(scratch: Array) -> None:
            # the caller's np.errstate does not reach other threads; a net that diverges shows
            # in its loss, not as a warning per chunk
            with np.errstate(all="ignore"):
                while (index := next(queue)) < last:
                    work(index, scratch)

        futures = [self._pool.submit(run, s) for s in self._scratch[1:]] if self._pool else []
        run(self._scratch[0])
        for future in futures:
            future.result()

    def look(self, clip: float = -1.0) -> None:
        """Make ``grad_scale`` what it is; here it always is. See DeviceUpdater."""

    def put(self) -> None:
        """Follow a ``grad_scale`` that was changed from outside."""
        scaled_gradients.seed_losses(self.net)

    # -- snapshots ------------------------------------------------------------------------

    def history_blobs(self) -> list[Array]:
        """The histories as the original saves them: the first of every parameter in the shape of
        its blob, then the second of every parameter."""
        return [
            array[p.offset : p.offset + p.count].reshape(p.blob.shape)
            for array in self.history
            for p in self.net.parameters
        ]

    def restore(self, history: Sequence[Array]) -> None:
        """Take histories as ``history_blobs`` gives them, in any shapes of as many numbers."""
        for array, target in zip(history, self.history_blobs(), strict=True):
            target[...] = array.reshape(target.shape)

    def close(self) -> None:
        """Let the threads go."""
        if self._pool:
            self._pool.shutdown()
            self._pool = None
            self._scratch = self._scratch[:1]


def clip_scale(norm: float, most: float) -> float:
    """What makes a norm at most ``most``."""
    if not norm > most:
        return 1.0
    logger.info("Gradient clipping: scaling down gradients (L2 norm %g > %g) by scale "
                "factor %g", norm, most, most / norm)
    return most / norm


def runs(parameters: list[Parameter]) -> Iterator[tuple[int, int, float, float]]:
    """(start, stop, lr_mult, decay_mult) of neighbours with equal multipliers taken together."""
    key = lambda p: (p.lr_mult, p.decay_mult)  # noqa: E731
    for (lr_mult, decay_mult), group in itertools.groupby(parameters, key):
        members = list(group)
        start, stop = members[0].offset, members[-1].offset + members[-1].count
        if stop > start:
            yield start, stop, lr_mult, decay_mult


def check_regularization(param: Any) -> None:
    """Refuse a regularization_type that does not exist."""
    kind = param.regularization_type
    if kind not in REGULARIZATIONS:
        raise ConfigError(f"Unknown regularization type: {kind}",
                          allowed=" or ".join(REGULARIZATIONS),
                          fix=did_you_mean(kind, REGULARIZATIONS), field="regularization_type")
