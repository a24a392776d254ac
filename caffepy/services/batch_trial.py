"""A batch tried: some steps of a training, in a process of its own that may die."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caffepy.core import plugins
from caffepy.core.upgrade import read_net_param
from caffepy.errors import ConfigError, DataError
from caffepy.proto.paths import path_of
from caffepy.services import batch_step, room

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


def _packed(message: Any) -> str:
    return base64.b64encode(message.SerializeToString()).decode()
