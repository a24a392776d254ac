"""Why a training is slow: one line, once, where others keep the machine busy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from caffepy import cores, log
from caffepy.services import busy
from caffepy.settings import Process

if TYPE_CHECKING:
    from caffepy.solvers.solver import Solver

logger = log.get(__name__)

BLOCK = 2.0  # seconds of steps that are looked at together
PATIENCE = 3  # blocks in a row that must be slow
SLOWER = 2.0  # times the fastest block
WAITING = 0.25  # share of its time for which a process that is held up waits at least
MOSTLY = 0.5  # and one that is held up, whatever its steps took before
OTHERS = 0.5  # cores


class Pace:
    """Watches how long steps take, and whether this process has its cores for itself.

    Steps alone count, not the tests and snapshots between them. In a quick net it costs two looks
    at the clock for each step.

    Args:
        use: gives what ran and waited; see busy.
        clock: gives seconds.
    """

    def __init__(self, use: Callable[[], busy.Use | None] = busy.read,
                 clock: Callable[[], float] = perf_counter) -> None:
        self._use, self._clock = use, clock
        self._best = float("inf")
        self._slow = 0
        self._steps, self._took, self._began = 0, 0.0, 0.0
        self._since, self._before = clock(), use()
        self.done = self._before is None  # nothing more to find out

    def begin(self) -> None:
        """A step begins."""
        self._began = self._clock()

    def end(self) -> None:
        """A step has ended."""
        self._steps += 1
        self._took += self._clock() - self._began
        if not self.done and self._took >= BLOCK:
            self._block()

    def _block(self) -> None:
        now, use = self._clock(), self._use()
        if use is None or self._before is None:
            self.done = True
            return
        step, used, seconds = self._took / self._steps, use.since(self._before), now - self._since
        others = used.others / seconds
        self._since, self._before, self._steps, self._took = now, use, 0, 0.0
        held_up = used.waiting >= WAITING and others >= OTHERS and (
            step >= SLOWER * self._best or used.waiting >= MOSTLY)
        self._slow = self._slow + 1 if held_up else 0
        if self._slow == PATIENCE:
            self.done = True
            logger.warning("%s", sentence(step, self._best, used.waiting, others))
        self._best = min(self._best, step)


def sentence(step: float, best: float, waiting: float, others: float) -> str:
    """What is said of steps that take ``step`` seconds."""
    process = Process.of()
    helps = ([] if process.threads_told else ["OMP_NUM_THREADS=1"]) + (
        [] if process.waiting else ["GOMP_SPINCOUNT=0"])
    cure = (f" Threads wait for each other by spinning; {' or '.join(helps)} before the command "
            "loses less beside others." if helps else "")
    at_best = f" ({1000 * best:.3g} ms at best)" if best < step / 1.2 else ""
    return (f"A step takes {1000 * step:.3g} ms{at_best}: other programs keep {others:.1f} of the "
            f"{cores.usable()} cores busy, and this one waits for a core for {waiting:.0%} of its "
            f"time.{cure}")


@contextmanager
def watched(solver: Solver, use: Callable[[], busy.Use | None] = busy.read) -> Iterator[None]:
    """Say of a training on the CPU, once, that others hold it up; several workers are others to
    each other and are not watched."""
    if solver.context.device != "cpu" or solver.communicator.size > 1:
        yield
        return
    pace = Pace(use)

    def begin(_: Solver) -> None:
        pace.begin()

    def end(_: Solver) -> None:
        pace.end()

    solver.on_start.append(begin)
    solver.on_iteration.insert(0, end)
    try:
        yield
    finally:
        solver.on_start.remove(begin)
        solver.on_iteration.remove(end)
