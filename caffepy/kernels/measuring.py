"""Measures the ways that a kernel can go, on tensors that lie as a net would hand them.

For convolutions, the only kernels with several ways: x comes in the order in which the layer before
left it, all else channels-last, as fast layers hand it on. A way that wants another order pays for
the reorders, as it would in the net.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from typing import NamedTuple

import numpy as np

from caffepy.core.memory import Mover, Place, Shape, SyncedMemory, Tensor
from caffepy.kernels.contract import Kernel, Unsupported
from caffepy.kernels.operations.convolution import ConvolutionSpec
from caffepy.kernels.tuning import Choices

Run = Callable[[], None]

ROUNDS = 7
ROUND = 0.02  # seconds that each way gets in a round, at least one run
GAIN = 0.97  # of the rule's time: what is not faster than that may be noise


class Result(NamedTuple):
    """Of one direction: the rule's way and the fastest, in milliseconds."""

    rule: str
    rule_ms: float
    best: str
    best_ms: float


def measure(kernel: Kernel, directions: Iterable[str], mover: Mover, x: Place,
            milliseconds: Callable[[Mapping[str, Run]], dict[str, float]] | None = None
            ) -> dict[str, Result]:
    """The fastest way of each direction that has several.

    Args:
        kernel: planned by the rule.
        x: the order in which its input lies in the net.
        milliseconds: measures runs by name; ``in_turn`` unless a test knows better.
    """
    trial = Trial(kernel.spec, mover, x)
    found: dict[str, Result] = {}
    candidates = kernel.candidates()
    for direction in directions:
        names = candidates.get(direction, [])
        runs = {name: trial.run(direction, other)
                for name in names if (other := going(kernel, direction, name))}
        if len(runs) > 1:
            times = (milliseconds or in_turn)(runs)
            rule = names[0]
            best = min(times, key=lambda name: times[name])
            if times[best] > GAIN * times[rule]:
                best = rule
            found[direction] = Result(rule, times[rule], best, times[best])
    return found


def going(kernel: Kernel, direction: str, way: str) -> Kernel | None:
    """A kernel of the same spec that goes another way in one direction; None if it cannot."""
    engine = copy.copy(kernel.owner)
    engine.choices = Choices({repr(kernel.spec): {direction: way}})
    try:
        other = engine.plan(kernel.spec)
    except Unsupported:
        return None
    return other if other.ways.get(direction) == way else None


def in_turn(runs: Mapping[str, Run]) -> dict[str, float]:
    """Milliseconds of each, the least of several rounds: what else the machine does only adds.

    They take turns, so that a machine that slows down does so for all.
    """
    repeats = {}
    for name, run in runs.items():
        run()
        repeats[name] = max(1, round(ROUND / max(_seconds(run, 1), 1e-6)))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            times[name].append(_seconds(run, repeats[name]))
    return {name: 1e3 * min(seconds) for name, seconds in times.items()}


def _seconds(run: Run, repeats: int) -> float:
    start = perf_counter()
    for _ in range(repeats):
        run()
    return (perf_counter() - start) / repeats


class Trial:
    """What a kernel works on: tensors of its spec, filled with numbers from N(0, 1)."""

    def __init__(self, spec: ConvolutionSpec, mover: Mover, x: Place) -> None:
        shapes = spec.x, spec.w, spec.y
        self.mover, self.order = mover, x
        self.x, self.w, self.y = (self._tensor(shape) for shape in shapes)
        self.dx, self.dw, self.dy = (self._tensor(shape) for shape in shapes)
        self.x.read(x)  # numbers lie there, too: whatever else memory holds may be slow to add
        channels = (shapes[2][1],)
        self.b = self._tensor(channels) if spec.bias else None
        self.db = self._tensor(channels) if spec.bias else None

    def _tensor(self, shape: Shape) -> Tensor:
        tensor = Tensor(SyncedMemory(math.prod(shape), np.float32, self.mover), shape)
        generator = np.random.default_rng(1)
        order = Place.HOST_LAST if len(shape) == 4 else Place.HOST
        tensor.overwrite(order)[...] = generator.standard_normal(shape, np.float32)
        return tensor

    def run(self, direction: str, kernel: Kernel) -> Run:
        """What runs one direction once."""
        work = getattr(kernel, direction)

        def forward() -> None:
            self.x.overwrite(self.order)  # nothing is copied: from here on it is current there
            work(self.x, self.w, self.b, self.y)
            self.y.read(Place.HOST_LAST)

        def backward_data() -> None:
            self.dy.overwrite(Place.HOST_LAST)
            work(self.dy, self.w, self.dx)
            self.dx.read(Place.HOST_LAST)

        def backward_weights() -> None:
            self.dy.overwrite(Place.HOST_LAST)
            self.dw.zero()
            if self.db:
                self.db.zero()
            work(self.x, self.dy, self.dw, self.db)

        return {f.__name__: f for f in (forward, backward_data, backward_weights)}[direction]
