"""Applying an update rule on the host: in cache-sized chunks, on several threads.

One after the other the passes of an update (see updater) over a large net would each go through
main memory. So all of them are done on one chunk of the arena while it lies in the cache, then on
the next. NumPy lets go of Python's lock inside each pass, hence threads help; how many there are
changes no number.

Where nobody can look at diffs afterwards, in the command's nets (``optimize``), they are not
written: a sixth of the update of a large net. There an engine may have a kernel for the rule, with
L2 decay, which needs fewer passes and has all threads in each.
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

from caffepy import forks
from caffepy.core import scaled as scaled_gradients
from caffepy.core.memory import Place
from caffepy.kernels.contract import Unsupported
from caffepy.solvers import clipping, local_rate, momentum
from caffepy.solvers.grad_scale import GradScale
from caffepy.solvers.rule import Array, Rule
from caffepy.solvers.updater import Updater, clip_scale

if TYPE_CHECKING:
    from caffepy.core.arena import Parameter
    from caffepy.core.net import Net

CHUNK = 65536  # numbers: a chunk of weights, gradients, history and scratch stays in the cache
RUN = 4096  # numbers whose squares are added up at once
LEAST_PER_THREAD = 4 * CHUNK  # less than this is not worth waking another thread for
MOST_THREADS = 8  # memory is the limit long before


@dataclass
class Chunk:
    """A run of numbers in the arena with one lr_mult and one decay_mult, in the piece ``piece``;
    ``factor`` is what their gradients are multiplied with for themselves."""

    piece: int
    lr_mult: float
    decay_mult: float
    values: Array
    grads: Array
    history: tuple[Array, ...]
    factor: float = 1.0


class HostUpdater(Updater):
    """The Updater of a net whose parameters are on the host.

    It takes as many threads as the net's context says: by default OMP_NUM_THREADS, or as there are
    cores.
    """

    def __init__(
        self, net: Net, rule: Rule, param: Any, grad_scale: GradScale | None = None
    ) -> None:
        super().__init__(net, rule, param, grad_scale)
        arena = self.arena
        mover = net.context.mover
        self.history: list[Array] = [
            mover.zeros(Place.HOST, arena.count, net.dtype) for _ in range(rule.histories)
        ]
        self._moved = False
        self._homes = [p.blob.values.write(Place.HOST) for p in net.parameters]
        self._threads = max(1, min(net.context.host_threads, MOST_THREADS,
                                   arena.count // LEAST_PER_THREAD))
        self._scratch = [mover.zeros(Place.HOST, 2 * CHUNK, net.dtype)
                         for _ in range(self._threads)]
        self._shown = not net.optimize or param.snapshot_diff  # whether diffs are looked at
        self._local = param if local_rate.asked(param) else None
        self._policy = param.clip_policy if clipping.apart(param) else "norm"
        self._bound = 0.0  # of each gradient, with the policy "value"
        self._varies = momentum.momentum_changes(param)  # a kernel is for one momentum
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
        if self._shown or self._varies or (self.l1 and self.weight_decay):
            return
        with contextlib.suppress(Unsupported):
            size = CHUNK * max(1, min(self.net.context.host_threads, MOST_THREADS))
            self._kernels = [(self._kernel(c), c) for c in self._cut(size)]

    def _settings(self) -> tuple[float, ...]:
        """What kernels are planned for, and a rule or a script may change as it goes on."""
        return *self.rule.constants(), bool(self.weight_decay)

    def _kernel(self, chunk: Chunk) -> Any:
        return self.net.context.engines[0].plan(self.rule.spec(
            chunk.values.size, bool(self.weight_decay * chunk.decay_mult), self.net.dtype.name,
            self._policy == "value"))

    def _cut(self, size: int) -> Iterator[Chunk]:
        grads = self.arena.grads
        for piece, (start, lr_mult, decay_mult, values) in enumerate(self._pieces()):
            for at in range(0, values.size, size):
                part = values[at : at + size]
                place = slice(start + at, start + at + part.size)
                yield Chunk(piece, lr_mult, decay_mult, part, grads[place],
                            tuple(array[place] for array in self.history))

    def _pieces(self) -> Iterator[tuple[int, float, float, Array]]:
        """(place in the arena, lr_mult, decay_mult, weights) of what can be taken together; where
        somebody asks for norms, of each parameter."""
        if self._moved or self._by_parameter:
            for p, home in zip(self.net.parameters, self._homes, strict=True):
                yield p.offset, p.lr_mult, p.decay_mult, home.reshape(-1)
        else:
            for start, stop, lr_mult, decay_mult in runs(self.net.parameters):
                yield start, lr_mult, decay_mult, self.arena.values[start:stop]

    @property
    def _by_parameter(self) -> bool:
        """Whether norms of parameters or layers are looked at."""
        return self._local is not None or self._policy == "layer"

    def _follow(self, homes: list[Array]) -> None:
        """Work on the parameters where they are now. ``share_weights`` may have moved them out of
        the arena, into the memory of another net; then each is cut by itself."""
        if all(home is old for home, old in zip(homes, self._homes, strict=True)):
            return
        self._moved, self._homes = True, homes
        self._plan()

    # -- what a step does -----------------------------------------------------------------

    def bring_home(self) -> None:
        for parameter in self.net.parameters:
            parameter.blob.grads.write(Place.HOST)

    def norm(self) -> float:
        """The L2 norm of all gradients together."""
        sums = [0.0] * len(self._chunks)

        def square(index: int, t: Array) -> None:
            sums[index] = _square(self._chunks[index].grads)

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
        self._follow([p.blob.values.write(Place.HOST) for p in self.net.parameters])
        self.rule.begin(iteration)
        if self._settings() != self._planned_for:
            self._plan()
        carried, before = self.grad_scale.value if scaled else 1.0, self.grad_scale.value
        self._skips = self.grad_scale.adaptive and not self.grad_scale.judge(self.finite())
        self._rate, self._bound = rate, clip * carried
        by_norm = 1.0 if self._skips or self._policy != "norm" else self.clipping(clip, carried)
        self._scale = 1.0 if self._skips else by_norm / passes / carried
        if self._by_parameter and not self._skips:
            self._look_at_norms()
        if look is None and self._kernels and not self._skips:
            self._run_kernels()
        elif look is None:
            self._each_chunk(self._update)
        else:
            self._each_chunk(self._compute)
            look()
            self._each_chunk(self._subtract)
        if self.grad_scale.value != before:
            self.follow_grad_scale()

    def _look_at_norms(self) -> None:
        """Let each parameter's chunks have the factor that clip_policy "layer" says now, and the
        lr_mult that local_rate says."""
        squares = np.zeros((len(self._chunks), 2))

        def square(index: int, t: Array) -> None:
            chunk = self._chunks[index]
            squares[index] = _square(chunk.values) if self._local else 0, _square(chunk.grads)

        self._each_chunk(square)
        sums = np.zeros((len(self.net.parameters), 2))
        np.add.at(sums, [chunk.piece for chunk in self._chunks], squares)
        factors = np.ones(len(sums))
        if self._policy == "layer":
            factors = clipping.factors(self.net.parameters, sums[:, 1], self._bound)
        mults = [p.lr_mult for p in self.net.parameters]
        if self._local:
            norms = np.sqrt(sums) * np.stack([np.ones_like(factors), factors * self._scale], 1)
            mults = [local_rate.multiplier(self._local, mult, self._rate, *map(float, pair))
                     for mult, pair in zip(mults, norms, strict=True)]
        for chunk in (*self._chunks, *(chunk for _, chunk in self._kernels)):
            chunk.lr_mult, chunk.factor = mults[chunk.piece], float(factors[chunk.piece])

    def finite(self) -> bool:
        """Whether all gradients are finite numbers."""
        found = [True] * len(self._chunks)

        def look(index: int, _: Array) -> None:
            found[index] = bool(np.isfinite(self._chunks[index].grads).all())

        self._each_chunk(look)
        return all(found)

    def _run_kernels(self) -> None:
        rate = self._rate * self.rule.correction
        for kernel, chunk in self._kernels:
            kernel.step(chunk.values, chunk.grads, chunk.history, self._scale * chunk.factor,
                        self._decay(chunk), rate * chunk.lr_mult, self._bound)

    def _decay(self, chunk: Chunk) -> float:
        """What gradients get of the weights; of a decoupled decay what weights lose of them."""
        decay = self.weight_decay * chunk.decay_mult
        return decay * self._rate * chunk.lr_mult if self.rule.decoupled else decay

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
        if self._policy == "value":
            g = np.clip(g, -self._bound, self._bound, out=u)
        if (scale := self._scale * chunk.factor) != 1:
            g = np.multiply(g, scale, out=u)
        decay = self._decay(chunk)
        if decay and not self.rule.decoupled:
            g = np.add(g, self._decayed(w, decay, t), out=u)
        if g is not u:
            np.copyto(u, g)
        self.rule.update(u, chunk.history, self._rate * chunk.lr_mult, t)
        if decay and self.rule.decoupled:
            np.add(u, self._decayed(w, decay, t), out=u)

    def _decayed(self, w: Array, decay: float, t: Array) -> Array:
        """decay times the weights, or with L1 their signs, in t."""
        return np.multiply(np.sign(w, out=t) if self.l1 else w, decay, out=t)

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

    def follow_grad_scale(self) -> None:
        scaled_gradients.seed_losses(self.net)

    # -- snapshots ------------------------------------------------------------------------

    def history_blobs(self) -> list[Array]:
        return [
            array[p.offset : p.offset + p.count].reshape(p.blob.shape)
            for array in self.history
            for p in self.net.parameters
        ]

    def restore(self, history: Sequence[Array]) -> None:
        for array, target in zip(history, self.history_blobs(), strict=True):
            target[...] = array.reshape(target.shape)

    def close(self) -> None:
        if self._pool:
            self._pool.shutdown()
            self._pool = None
            self._scratch = self._scratch[:1]


def _square(numbers: Array) -> float:
    """The sum of squares, in one pass. It is taken in runs so short that no BLAS shares them out,
    so the number of threads changes nothing."""
    whole = numbers.size // RUN * RUN
    rows, rest = numbers[:whole].reshape(-1, 1, RUN), numbers[whole:]
    return float(np.matmul(rows, rows.transpose(0, 2, 1)).sum(dtype=np.float64)
                 + np.dot(rest, rest))


def runs(parameters: list[Parameter]) -> Iterator[tuple[int, int, float, float]]:
    """(start, stop, lr_mult, decay_mult) of neighbours with equal multipliers taken together."""
    key = lambda p: (p.lr_mult, p.decay_mult)  # noqa: E731
    for (lr_mult, decay_mult), group in itertools.groupby(parameters, key):
        members = list(group)
        start, stop = members[0].offset, members[-1].offset + members[-1].count
        if stop > start:
            yield start, stop, lr_mult, decay_mult
