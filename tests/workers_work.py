"""What test workers do in processes of their own, which find it here by name."""

from __future__ import annotations

import os
import signal
import time

import numpy as np

from caffepy.errors import ConfigError
from caffepy.parallel.base import Communicator


def ranks(communicator: Communicator, factor: int) -> float:
    """The mean of the workers' numbers, times ``factor``."""
    array = np.full(3, communicator.rank * factor, np.float32)
    communicator.average(array)
    return float(array[0])


def fail(communicator: Communicator, how: str, rank: int) -> None:
    """Worker ``rank`` fails, the others wait for it."""
    array = np.zeros(5, np.float32)
    communicator.average(array)
    if communicator.rank == rank:
        if how == "error":
            raise ConfigError("it has had enough", where="here")
        if how == "bug":
            raise ZeroDivisionError("by zero")
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "leave":
            return
    communicator.start(array)
    communicator.finish()
    communicator.average(array)


def lost(communicator: Communicator) -> bool:
    """Worker 1 is killed; whether the others were told while they did something else."""
    told: list[int] = []
    communicator.on_lost.append(lambda: told.append(1))  # type: ignore[attr-defined]
    communicator.average(np.zeros(1, np.float32))  # now all listen
    if communicator.rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    for _ in range(3000):  # a minute
        if told:
            break
        time.sleep(0.02)
    return bool(told)
