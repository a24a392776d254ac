"""The largest batch whose training fits the memory, and from which batch on more is no faster.

What a training takes grows with its batch in a straight line. The slope is the net's own count of
its blobs (core.footprint); where the line lies a first run shows, at the solver's batch. Every size
that is said to fit was run: some steps of the whole training, test nets built, in a process of its
own, which is ended if it takes more than there is, and may be ended by the system.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from caffepy.columns import columns
from caffepy.core.footprint import MARGIN, size
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2
from caffepy.services import work
from caffepy.services.batch_trial import Step, Trial, memory_of

PAYS = 0.95  # of the highest speed: from there on a larger batch does not pay
SHRINK = 0.9  # a size that did not fit is followed by one so much smaller
TRIES = 6


@dataclass
class Tuned:
    """What was found.

    Attributes:
        memory: bytes that there are, of which MARGIN stays free.
        own: the solver's batch.
        steps: what was tried, the smallest first.
        most: the largest size that was to be tried; ``slow``: that which was not for its time.
    """

    memory: int
    own: int
    steps: list[Step] = field(default_factory=list)
    most: int = 0
    slow: int = 0

    @property
    def fitting(self) -> list[Step]:
        """Those that fit."""
        return [step for step in self.steps if step.peak is not None]

    @property
    def largest(self) -> int:
        """The largest that was run and fits; 0 if none does."""
        return max((step.batch for step in self.fitting), default=0)

    @property
    def pays(self) -> int:
        """The smallest whose speed is PAYS of the highest; 0 if none fits."""
        best = max((step.speed for step in self.fitting), default=0.0)
        return min((step.batch for step in self.fitting if step.speed >= PAYS * best), default=0)

    def lines(self) -> list[str]:
        """A table, and what follows from it."""
        rows = [["batch", "memory", "predicted", "ms a step", "images/s"]]
        for step in self.steps:
            predicted = size(step.predicted) if step.predicted else "-"
            rows.append([str(step.batch), "does not fit", predicted, "-", "-"]
                        if step.peak is None else
                        [str(step.batch), size(step.peak), predicted,
                         f"{1000 * step.seconds:.4g}", f"{step.speed:.4g}"])
        found = [*columns(rows, right=range(5)), ""]
        if not self.largest:
            return [*found, f"Not even a batch of 1 fits {size(self.memory)}; the net itself must "
                            "become smaller."]
        end = (f"{self.largest} fits and is the most that was to be tried (-most)"
               if self.largest >= self.most else
               f"{self.largest} fits; {self.slow} would take too long (-seconds)" if self.slow else
               f"The largest batch that fits {size(self.memory)} is {self.largest}")
        found.append(f"{end}. The solver's is {self.own}.")
        if self.pays < self.largest:
            found.append(f"From {self.pays} on a larger batch is not faster by more than "
                         f"{1 - PAYS:.0%}.")
        if self.largest < min(self.own, self.most):
            times = -(-self.own // self.largest)
            found.append(f"A batch of {self.largest} with {times} times the iter_size trains as "
                         "the solver's would.")
        return [*found, "A rate goes with its batch: k times the batch takes about k times the "
                        "base_lr, with a warm-up (Goyal et al. 2017)."]


def tune(measure: Callable[[int, int], Step], own: int, memory: int, most: int, seconds: float
         ) -> Tuned:
    """Try sizes.

    Args:
        measure: tries a batch, of which it is told the bytes that are predicted for it.
        own: the solver's batch.
        memory: bytes that there are.
        most: the largest size to try; ``seconds``: the longest that a step may take.
    """
    budget = int(memory * (1 - MARGIN))
    found = Tuned(memory, own, most=most)
    first = measure(min(own, most), 0)
    while first.peak is None and first.batch > 1:
        found.steps.append(first)
        first = measure(first.batch // 2, 0)
    found.steps.append(first)
    if first.peak is None:
        return found

    def predicted(batch: int) -> int:
        peak = first.peak or 0
        return int(peak + (batch - first.batch) * first.slope)

    failed = min((step.batch for step in found.steps if step.peak is None), default=0)
    for batch in _doubling(most):
        if failed and batch >= failed or predicted(batch) > budget:
            break
        last = found.fitting[-1] if found.fitting else first
        if last.seconds * batch / last.batch > seconds and batch > last.batch:
            found.slow = batch
            break
        if batch != first.batch:
            found.steps.append(measure(batch, max(predicted(batch), 1)))
            if found.steps[-1].peak is None:
                failed = batch
                break
    found.steps.sort(key=lambda step: step.batch)
    if not found.slow and found.largest < most:
        _edge(found, measure, predicted, budget, failed)
    found.steps.sort(key=lambda step: step.batch)
    return found


def _doubling(most: int) -> Iterator[int]:
    batch = 1
    while batch < most:
        yield batch
        batch *= 2
    yield most


def _edge(found: Tuned, measure: Callable[[int, int], Step], predicted: Callable[[int], int],
          budget: int, failed: int) -> None:
    """Try the largest that is predicted to fit, and less while it does not."""
    low, high = found.largest, min(found.most, failed - 1 if failed else found.most)
    while low < high:  # the largest by the line
        middle = (low + high + 1) // 2
        low, high = (middle, high) if predicted(middle) <= budget else (low, middle - 1)
    for _ in range(TRIES):
        if low <= found.largest:
            return
        step = measure(low, max(predicted(low), 1))
        found.steps.append(step)
        if step.peak is not None:
            return
        low = int(low * SHRINK)


def run(param: Any, path: str, *, gpu: int | None = None, precision: str | None = None,
        memory: int = 0, most: int = 1024, seconds: float = 20.0,
        tried: Sequence[Callable[[Step], None]] = ()) -> Tuned:
    """Find the batch of a solver.

    Args:
        param: a SolverParameter as ``trial.solver`` gives it, which is changed; ``path``: its file.
        memory: bytes that may be taken; 0: what there is.
        tried: called with each size that was tried.

    Raises:
        CaffeError: the solver cannot train at all.
    """
    if most < 1:
        raise ConfigError("-most must be at least 1", found=most)
    param.base_lr = 0  # a rate for another batch may diverge
    param.on_nan = caffe_pb2.SolverParameter.WARN
    memory = memory or memory_of(gpu)
    measure = Trial(param, path, memory, gpu, precision)

    def measured(batch: int, predicted: int) -> Step:
        step = measure(batch, predicted)
        for call in tried:
            call(step)
        return step

    with work.quiet():
        return tune(measured, measure.own, memory, most, seconds)
