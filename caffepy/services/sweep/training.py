"""One run of a sweep, in a process of its own.

    python -m caffepy.services.sweep.training < question

It goes on from the newest snapshot of its folder, if there is one, and writes result.json when it
is through. It stops, with a snapshot, when its standard input ends: then who started it is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from caffepy import log
from caffepy.errors import CaffeError, NotFound
from caffepy.services.sweep.plan import PREFIX, RESULT, SOLVER

STOPPED = 3  # the exit code of a run that was asked to stop


def train(folder: str, question: dict[str, Any]) -> int:
    """Train, or go on; returns the exit code.

    Args:
        question: weights, gpu, level, stages and plugins, as ``job.prepare`` takes them.
    """
    from caffepy.core.plugins import load_plugin
    from caffepy.parallel.single import Single
    from caffepy.proto.files import atomic_write
    from caffepy.services import job, training
    from caffepy.solvers import keep

    for path in question["plugins"]:
        load_plugin(path)
    try:
        snapshot = keep.latest(os.path.join(folder, PREFIX))
    except NotFound:
        snapshot = ""
    what, workers = job.prepare(
        os.path.join(folder, SOLVER), Single(), weights="" if snapshot else question["weights"],
        snapshot=snapshot, gpu=question["gpu"], level=question["level"],
        stages=question["stages"], sigint_effect="stop")
    ended = training.start(replace(what, again="", program=""), Single(), workers)
    if not ended.finished:
        return STOPPED
    with atomic_write(Path(folder, RESULT)) as file:
        file.write(json.dumps({
            "better": dict(ended.better), "weights": ended.weights,
            "iterations": ended.iterations,
            "seconds": ended.pace.seconds if ended.pace else 0.0,
            "items": ended.pace.items if ended.pace else 0,
            "training_seconds": ended.pace.training if ended.pace else 0.0}).encode() + b"\n")
    return 0


@contextlib.contextmanager
def alone(folder: str) -> Iterator[None]:
    """Wait until no other process trains in the folder: one whose parent was killed may still be
    writing its snapshot."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with open(os.path.join(folder, "lock"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def stop_when_left() -> None:
    """Ask this process to stop once its standard input ends."""
    def wait() -> None:
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=wait, daemon=True).start()


def main() -> int:
    """Answer the question in the first line of standard input."""
    # a shell's background jobs are born deaf to it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log.init(log.level_from_environment(log.glog_level(0)))
    line = b""
    while not line.endswith(b"\n"):  # by bytes: what a buffer took ahead would be lost
        line += os.read(0, 1) or b"\n"
    question = json.loads(line)
    stop_when_left()
    try:
        with alone(question["folder"]):
            return train(question["folder"], question)
    except CaffeError as error:
        print(f"caffepy: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before there was anything to stop
        return STOPPED


if __name__ == "__main__":
    sys.exit(main())
