"""Other programs that keep the machine busy while something is measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 3600  # seconds, should nobody end them

# Arithmetic on one core, until whoever began it is gone or the time is up.
WORK = """
import os, sys, time
parent, end = os.getppid(), time.monotonic() + float(sys.argv[1])
print(flush=True)
while os.getppid() == parent and time.monotonic() < end:
    sum(i * i for i in range(100_000))
"""


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes at work, one thread each, while the block runs."""
    workers: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            workers.append(subprocess.Popen([sys.executable, "-c", WORK, str(LONGEST)],
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE))
        for worker in workers:
            assert worker.stdout
            worker.stdout.readline()  # it has begun
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
