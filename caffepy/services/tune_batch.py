"""The largest batch whose training fits the memory, and from which batch on more is no faster.

What a training takes grows with its batch in a straight line. The slope is the net's own count of
its blobs (core.footprint); where the line lies a first run shows, at the solver's batch. Every size
that is said to fit was run: some steps of the whole training, test nets built, in a process of its
own, which is ended if it takes more than there is, and may be ended by the system.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caffepy.columns import columns
from caffepy.core import plugins
from caffepy.core.footprint import MARGIN, size
from caffepy.core.upgrade import read_net_param
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of
from caffepy.services import batch_step, room, work

PAYS = 0.95  # of the highest speed: from there on a larger batch does not pay
SHRINK = 0.9  # a size that did not fit is followed by one so much smaller
TRIES = 6
LOOK = 0.02  # seconds between two looks at the memory that a process has


@dataclass(frozen=True)
class Step:
    """A batch that was tried.

    Attributes:
        batch: the size; ``predicted``: the bytes that it was thought to take, 0 for the first.
        peak: bytes that the process had at most, on a GPU those of the device; None: it did not
            fit.
        seconds: of a training step; ``items``: of it.
        slope: bytes that an item adds by the net's own count.
    """

    batch: int
    predicted: int
    peak: int | None = None
    seconds: float = 0.0
    items: int = 0
    slope: float = 0.0

    @property
    def speed(self) -> float:
        """Items a second."""
        return self.items / self.seconds if self.seconds else 0.0


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
        if self.largest < self.own:
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


# -- trying a size ------------------------------------------------------------------------


class Trial:
    """Tries batches of a solver in processes of their own.

    Args:
        param: a SolverParameter as ``trial.solver`` gives it, with its test nets.
        path: its file.
        memory: bytes that a process may take.
        gpu: its number; None for the CPU.

    Raises:
        ConfigError: the net has no data layer with a batch.
    """

    def __init__(self, param: Any, path: str, memory: int, gpu: int | None = None,
                 precision: str | None = None) -> None:
        self.param, self.path, self.memory = param, path, memory
        self.gpu, self.precision = gpu, precision
        self._net = net_of(param)
        copy = type(self._net)()
        copy.CopyFrom(self._net)
        self.own = batch_step.set_batch(copy, 1)
        if not self.own:
            raise ConfigError("no data layer of the net to train says how many items it brings",
                              where=path, fix="A batch can be found for layers with a batch_size.")

    def __call__(self, batch: int, predicted: int) -> Step:
        """Run some steps with a batch.

        Raises:
            DataError: the training fails for another reason than memory.
        """
        net = type(self._net)()
        net.CopyFrom(self._net)
        batch_step.set_batch(net, batch)
        question = {
            "param": _packed(self.param), "net": _packed(net), "path": self.path,
            "gpu": -1 if self.gpu is None else self.gpu, "precision": self.precision,
            "plugins": list(plugins.loaded())}
        found = self._ask(question)
        if found is None or found.get("memory"):
            return Step(batch, predicted)
        if "error" in found:
            raise DataError(f"a training with a batch of {batch} fails: {found['error']}")
        if self.gpu is None and found["peak"] > self.memory:
            return Step(batch, predicted)
        return Step(batch, predicted, found["peak"], found["seconds"], found["items"],
                    found["blobs"] / found["batch"])

    def _ask(self, question: dict[str, Any]) -> dict[str, Any] | None:
        """The answer; None if the process was ended for its memory."""
        process = subprocess.Popen(
            [sys.executable, "-m", batch_step.__name__], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        watch = threading.Thread(target=self._watch, args=(process,), daemon=True)
        watch.start()
        try:
            out, err = process.communicate(json.dumps(question))
        finally:
            process.kill()
            process.wait()
            watch.join()
        if process.returncode < 0:
            return None
        lines = out.strip().splitlines()
        if process.returncode or not lines:
            raise DataError("the process that was to try a batch failed",
                            found=" ".join(err.strip().splitlines()[-1:]) or process.returncode)
        answer: dict[str, Any] = json.loads(lines[-1])
        return answer

    def _watch(self, process: subprocess.Popen[str]) -> None:
        """End the process when it takes more than it may, before others are in need."""
        while self.gpu is None and process.poll() is None:
            if resident(process.pid) > self.memory:
                process.kill()
            time.sleep(LOOK)


def resident(pid: int) -> int:
    """The bytes that a process has in memory; 0 where the system does not say."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):  # no such system, or it has just ended
        pass
    return 0


def net_of(param: Any) -> Any:
    """The NetParameter to train that a solver names or holds."""
    for name in ("train_net_param", "net_param"):
        if param.HasField(name):
            return getattr(param, name)
    named = path_of(param, "train_net") or path_of(param, "net")
    return read_net_param(named)[0]


def memory_of(gpu: int | None) -> int:
    """Bytes that a training can have: of the device, or on the CPU what is free now.

    Raises:
        ConfigError: the system does not say.
    """
    if gpu is not None:
        from caffepy.kernels.cuda import libraries

        cupy = libraries.cupy()
        with cupy.cuda.Device(gpu):
            return int(cupy.cuda.runtime.memGetInfo()[1])
    found = room.free()
    if found is None:
        raise ConfigError("the system does not say how much memory is free",
                          fix="Give what may be taken in GiB: -memory 4.")
    return found


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


def _packed(message: Any) -> str:
    return base64.b64encode(message.SerializeToString()).decode()
