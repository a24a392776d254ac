"""Workers that mpirun started, on one machine or on many; arrays on the CPU.

mpi4py is imported only when a launcher's traces are in the environment: importing it starts MPI,
which a training on one machine has no use for.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

import numpy as np

from caffepy import forks, log
from caffepy.errors import CaffeError, DeviceError
from caffepy.parallel.base import Array
from caffepy.parallel.behind import Behind, chunks

logger = log.get(__name__)

CHUNK = 1 << 22  # bytes that one call of MPI gets: pieces of 1 to 16 MB go fastest
PATIENCE = 1.5  # seconds that others wait before they show an error: most occur in all workers
PASSING_ON = 0.5  # seconds for the launcher to pass the error on before the abort

# what launchers tell of the number of processes
SIZES = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE")
# Slurm's own numbers are there without MPI too; with it, one of these is
PMI = ("PMI_RANK", "PMI_FD", "PMIX_RANK")
SLURM_SIZES = ("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS")

Report = Callable[[BaseException, str], None]


def launched(environment: Mapping[str, str] = os.environ) -> int:
    """How many processes an MPI launcher has started, as the environment tells; 1 without one."""
    for name in SIZES:
        if environment.get(name, "").isdigit():
            return int(environment[name])
    tasks = next((int(environment[name]) for name in SLURM_SIZES
                  if environment.get(name, "").isdigit()), 1)
    if any(name in environment for name in PMI):
        return tasks
    if tasks > 1 and "SLURM_PROCID" in environment and "SLURM_STEP_NUM_TASKS" in environment:
        logger.warning(
            "srun has started %d tasks without MPI, so each trains by itself. To train together, "
            "start them by mpirun, or by srun --mpi=pmi2.", tasks)
    return 1


class Mpi(Behind):
    """The workers of an MPI communicator.

    Args:
        report: shows an error before it ends all workers, with "worker 1: " or nothing in front;
            by default its traceback, or the one line of a CaffeError, on standard error.
        comm: by default all processes that were launched.

    Raises:
        DeviceError: mpi4py or an MPI library is missing.
    """

    def __init__(self, report: Report | None = None, comm: Any = None) -> None:
        try:
            from mpi4py import MPI
        except (ImportError, RuntimeError) as error:
            raise DeviceError(
                f"started by an MPI launcher, but MPI cannot be used: {error}",
                fix="Run 'pip install \"caffepy[mpi]\"' on every machine, and start by the mpirun "
                    "that it brings.") from None
        self._mpi: Any = MPI
        self._comm: Any = comm or MPI.COMM_WORLD
        self.rank, self.size = self._comm.Get_rank(), self._comm.Get_size()
        neighbours = self._comm.Split_type(MPI.COMM_TYPE_SHARED)
        self.local_rank, self.local_size = neighbours.Get_rank(), neighbours.Get_size()
        neighbours.Free()
        self._report = report or _show
        # one thread at a time calls MPI, and not always the same
        self.threaded = MPI.Query_thread() >= MPI.THREAD_SERIALIZED
        forks.watch(self)
        if self.size > 1:
            self._catch_what_nobody_catches()

    def broadcast(self, array: Array, root: int = 0) -> None:
        for part in chunks(array, CHUNK):
            self._comm.Bcast(part, root)

    def average(self, array: Array) -> None:
        for part in chunks(array, CHUNK):
            self._comm.Allreduce(self._mpi.IN_PLACE, part, self._mpi.SUM)
            np.multiply(part, 1 / self.size, out=part)

    def agree(self, number: int) -> int:
        return int(self._comm.allreduce(number, self._mpi.MAX))

    def broadcast_bytes(self, message: bytes) -> bytes:
        told: bytes = self._comm.bcast(message)
        return told

    def abort(self, error: BaseException) -> None:
        """Show the error and end all workers, this one too."""
        if self.size == 1:
            return
        if not self.root:
            time.sleep(PATIENCE)
        self._report(error, "" if self.root else f"worker {self.rank}: ")
        self._end(error)
        raise SystemExit(_code(error))  # the launcher may take a moment; the error has been shown

    def close(self) -> None:
        self.stop_thread()

    def _end(self, error: BaseException) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        time.sleep(PASSING_ON)
        self._comm.Abort(_code(error))

    def _catch_what_nobody_catches(self) -> None:
        """A script that ends in an exception would leave the others waiting for ever."""
        before, process = sys.excepthook, os.getpid()

        def hook(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            before(kind, error, trace)
            if os.getpid() == process:
                self._end(error)

        sys.excepthook = hook


def _code(error: BaseException) -> int:
    return int(getattr(error, "exit_code", 1))


def _show(error: BaseException, who: str) -> None:
    if isinstance(error, CaffeError):
        print(f"caffepy: error: {who}{error}", file=sys.stderr)
    else:
        traceback.print_exception(type(error), error, error.__traceback__)
