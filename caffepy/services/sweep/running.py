"""All runs of a sweep, in turn or several at once; each is a process."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from caffepy import cores
from caffepy.errors import DataError
from caffepy.services.sweep import training
from caffepy.services.sweep.plan import LOG, Run
from caffepy.settings import THREADS

STARTED, DONE, THERE, FAILED, STOPPED = "started", "done", "there", "failed", "stopped"
Tell = Callable[[Run, str, str], None]  # a run, what became of it, and more words
PATIENCE = 60.0  # seconds after which a run that was asked to stop is ended


def run(runs: Sequence[Run], *, jobs: int = 1, gpus: Sequence[int] = (), weights: str = "",
        level: int = 0, stages: Sequence[str] = ("",), plugins: Sequence[str] = (),
        tell: Tell = lambda run, what, words: None) -> bool:
    """Train what is not finished; a half one goes on from its newest snapshot.

    Args:
        jobs: how many at once; on the CPU they share its cores.
        gpus: numbers, each run is given one of them; none: the CPU.
        tell: called when something became of a run.

    Returns: whether all are finished. Ctrl-C asks those that run to stop, with snapshots, and is
        raised again when they have.
    """
    for one in runs:
        one.prepare()
    environment = dict(os.environ)
    if not gpus:
        environment.setdefault(THREADS, str(max(1, cores.usable() // jobs)))
    free: queue.Queue[int] = queue.Queue()  # places, and with them GPUs
    for place in range(jobs):
        free.put(place)
    stop = threading.Event()

    def carry_out(one: Run) -> bool:
        if one.result() is not None:
            tell(one, THERE, "")
            return True
        if stop.is_set():
            return False
        place = free.get()
        try:
            tell(one, STARTED, "")
            code = _train(one, {
                "folder": one.folder, "weights": weights, "level": level, "stages": list(stages),
                "plugins": list(plugins), "gpu": str(gpus[place % len(gpus)]) if gpus else ""},
                environment, stop)
        finally:
            free.put(place)
        if code == 0:
            tell(one, DONE, "")
        elif code == training.STOPPED:
            tell(one, STOPPED, "")
        else:
            tell(one, FAILED, last_line(one))
        return code == 0

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(carry_out, one) for one in runs]
        try:
            while not all(future.done() for future in futures):
                time.sleep(0.05)  # not future.result(): that would keep Ctrl-C waiting
        except BaseException:
            stop.set()
            raise
    return all(future.result() for future in futures)


def _train(one: Run, question: Mapping[str, Any], environment: Mapping[str, str],
           stop: threading.Event) -> int:
    """Run a process until it ends; ``stop`` closes its standard input, at which it stops."""
    with open(one.path(LOG), "ab") as target:
        process = subprocess.Popen(
            [sys.executable, "-m", training.__name__], stdin=subprocess.PIPE, stdout=target,
            stderr=target, env=dict(environment),
            start_new_session=True)  # Ctrl-C comes to us alone, once
    assert process.stdin is not None
    asked = 0.0
    try:
        process.stdin.write(json.dumps(question).encode() + b"\n")
        process.stdin.flush()
        while process.poll() is None:
            if stop.is_set() and not asked:
                asked = time.monotonic()
                process.stdin.close()
            if asked and time.monotonic() - asked > PATIENCE:
                process.kill()
            time.sleep(0.02)
    except BrokenPipeError:  # it has ended before it asked for its question
        process.wait()
    finally:
        if not process.stdin.closed:
            try:
                process.stdin.close()
            except BrokenPipeError:
                pass
        process.wait()
    return process.returncode


def last_line(one: Run) -> str:
    """What a run's log says last; an error mostly."""
    try:
        lines = Path(one.path(LOG)).read_text(errors="replace").splitlines()
    except OSError as error:
        raise DataError(f"the log cannot be read: {error.strerror}", where=one.folder) from error
    errors = [line for line in lines if line.startswith("caffepy: error: ")]
    return (errors[-1].removeprefix("caffepy: error: ") if errors else
            lines[-1] if lines else "it has said nothing")
