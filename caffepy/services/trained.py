"""How a training ended: its last and its best test, how fast it was, and what to do next."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from caffepy.core import footprint
from caffepy.proto.paths import path_of, paths_of
from caffepy.services.job import Job
from caffepy.solvers import best, measurements, snapshot
from caffepy.solvers.solver import Solver

MODELS = ("net", "train_net")  # fields of a solver that name the file with the net


@dataclass(frozen=True)
class Test:
    """The last test of a net.

    Attributes:
        net: its index among the test nets.
        iteration: after which it was.
        outputs: name and mean of each output that is one number.
    """

    net: int
    iteration: int
    outputs: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Pace:
    """How fast it was.

    Attributes:
        iterations: those of this run.
        seconds: of all; ``training``: without tests and snapshots.
        items: that were trained on, by all workers; ``kind``: what they are.
    """

    iterations: int
    seconds: float
    training: float
    items: int
    kind: str = "images"

    def line(self) -> str:
        """One line; "" if there was nothing to do."""
        if not self.iterations or self.training <= 0:
            return ""
        rest = self.seconds - self.training
        apart = f", {rest / self.seconds:.0%} of it for tests and snapshots" if (
            rest > 0.1 * self.seconds) else ""
        each = f" ({self.items / self.training:.4g} {self.kind}/s)"
        return (f"{self.iterations} iterations took {duration(self.seconds)}{apart}; "
                f"{self.iterations / self.training:.4g} iterations/s{each}")


@dataclass(frozen=True)
class Trained:
    """How a training ended.

    Attributes:
        tests: the last test of each test net.
        best: a sentence about the best test, "" if it is not known or the last one.
        pace: how fast it was; None if nobody looked.
        weights: the file with the weights to go on with, the best ones if they were kept; "".
        commands: what to do next, as it would be typed.
        finished: whether it came to its end, and was not asked to stop.
        iterations: how far it came.
        better: outputs of test nets of which more (1) or less (-1) is better.
    """

    tests: tuple[Test, ...] = ()
    best: str = ""
    pace: Pace | None = None
    weights: str = ""
    commands: tuple[str, ...] = ()
    finished: bool = True
    iterations: int = 0
    better: tuple[tuple[str, int], ...] = ()

    def lines(self) -> list[str]:
        """What to tell those who read no log.

        Where it ends up in a log all the same, no parser takes it for one of Caffe's lines.
        """
        several = len(self.tests) > 1
        found = [
            f"The last test, after {test.iteration} iterations"
            + (f", of test net #{test.net}: " if several else ": ")
            + ", ".join(f"{name} {mean:.6g}" for name, mean in test.outputs)
            for test in self.tests
        ]
        found += [line for line in (self.best, self.pace.line() if self.pace else "") if line]
        if self.commands:
            found += ["What next:", *(f"    {command}" for command in self.commands)]
        return found


def duration(seconds: float) -> str:
    """Such as "5 min 12 s"."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


class Observer:
    """Looks at a training from outside, by its hooks: at its clock and at its tests.

    Attributes:
        solver: that trains.
    """

    def __init__(self, solver: Solver) -> None:
        self.solver = solver
        self._first = solver.iter
        self._since = perf_counter()
        self._began = 0.0
        self._training = 0.0
        self._best: tuple[float, int] | None = None  # of the output that is watched
        self._watched = watched(solver)

    def begin(self, _: Solver) -> None:
        """An iteration begins: the test and the snapshot before it are over."""
        self._began = perf_counter()

    def end(self, _: Solver) -> None:
        """Its update is done."""
        self._training += perf_counter() - self._began

    def test(self, _: Solver, index: int) -> None:
        """A test is done: remember the best value that was seen."""
        iteration, means = self.solver.last_tests[index]
        if not self._watched or index != self._watched.net or not iteration:
            return
        value = dict(means).get(self._watched.output)
        if value is None or value.size != 1 or not math.isfinite(value.item()):
            return
        if self._best is None or self._watched.sign * (value.item() - self._best[0]) > 0:
            self._best = value.item(), iteration

    def pace(self) -> Pace:
        """Until now."""
        solver = self.solver
        done = solver.iter - self._first
        batch = footprint.batch_of(solver.net) * solver.param.iter_size * solver.communicator.size
        first = solver.net.nodes[0].tops
        pictures = bool(first) and first[0].ndim == 4
        return Pace(done, perf_counter() - self._since, self._training, done * batch,
                    "images" if pictures else "items")

    def best(self) -> str:
        """A sentence about the best test, if it was not the last one."""
        solver = self.solver
        if solver.best and (kept := solver.best.found(solver.state)):
            return kept
        if not self._watched or self._best is None or self._best[1] == solver.iter:
            return ""
        output, (value, iteration) = self._watched.output, self._best
        return (f"The best {output} was {value:.6g}, after {iteration} iterations; with "
                f'snapshot_best: "{output}" in the solver its weights are kept')


@dataclass(frozen=True)
class Watched:
    """An output of a test net, and whether more of it (1) or less (-1) is better."""

    net: int
    output: str
    sign: int


def watched(solver: Solver) -> Watched | None:
    """The first output of a test net that says how good the net is: a score before a loss."""
    return max(known_outputs(solver), key=lambda found: found.sign, default=None)


def known_outputs(solver: Solver) -> list[Watched]:
    """The outputs of test nets of which it is known whether more is better."""
    return [Watched(index, output, sign) for index, net in enumerate(solver.test_nets)
            for output in net.output_names if (sign := best.better(net, output)) is not None]


@contextmanager
def observed(solver: Solver) -> Iterator[Observer]:
    """Have an Observer look on while the block trains."""
    observer = Observer(solver)
    hooks: tuple[tuple[list[Any], Any], ...] = (
        (solver.on_start, observer.begin), (solver.on_iteration, observer.end),
        (solver.on_test, observer.test))
    for hook, call in hooks:
        hook.append(call)
    try:
        yield observer
    finally:
        for hook, call in hooks:
            hook.remove(call)


def ended(observer: Observer, job: Job) -> Trained:
    """All of it, of a training that is over."""
    solver = observer.solver
    tests = tuple(
        Test(index, iteration, tuple(
            (name, means[0].item()) for name, means in results if means.size == 1))
        for index, (iteration, results) in sorted(solver.last_tests.items()))
    weights = weights_of(solver)
    finished = not interrupted(solver)
    better = tuple((one.output, one.sign) for one in known_outputs(solver))
    return Trained(tests, observer.best(), observer.pace(), weights,
                   tuple(commands(solver, job, weights)) if finished else (), finished, solver.iter,
                   better)


def interrupted(solver: Solver) -> bool:
    """Whether it was asked to stop from outside, and is to go on some time."""
    patience = solver.param.patience
    return solver.stopped and not (patience and solver.state.tests_since_best >= patience)


def weights_of(solver: Solver) -> str:
    """The file with the best weights, or those of the last snapshot, averaged where they are; "" if
    there is none."""
    if solver.best and solver.best.found(solver.state):
        return str(solver.best.path)
    last = ".caffemodel".join((solver.last_snapshot or "").rsplit(".solverstate", 1))
    return snapshot.average_name(last) if last and solver.average else last


def commands(solver: Solver, job: Job, weights: str) -> Iterator[str]:
    """What to do with a net that is trained, as it would be typed.

    Args:
        job: its ``program`` is how the command was called; "" is a script, which types nothing.
    """
    program, param = job.program, solver.param
    model = next((path_of(param, field) for field in MODELS if param.HasField(field)), "")
    if not program or not model:
        return
    gpu = f" -gpu {job.devices[0]}" if job.devices else ""
    if weights and solver.test_nets:
        stages = param.test_state[0].stage if param.test_state else ()
        stage = f" -stage {shlex.quote(','.join(stages))}" if stages else ""
        tested = (paths_of(param, "test_net") or [model])[0]
        yield (f"{program} test -model {shlex.quote(tested)} -weights {shlex.quote(weights)} "
               f"-report report{stage}{gpu}")
    if job.measurements and param.snapshot_prefix:
        path = path_of(param, "snapshot_prefix") + measurements.ENDING
        yield f"{program} plot {shlex.quote(path)}"
    if weights and solver.test_nets:
        yield f"{program} deploy {shlex.quote(model)} deploy.prototxt"
