"""How workers come to be: started here, one process each, or joined under mpirun.

    launch.run(work, 4, argument)      # work(communicator, argument) in four processes
    launch.join()                      # the communicator of a process that mpirun started

Processes are spawned, never forked: engines and CUDA have threads, which a fork does not take
along. So ``work`` and its arguments must be picklable: a function of a module, plain values.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from caffepy import cores, log
from caffepy.errors import CaffeError, ConfigError, DeviceError
from caffepy.parallel import mpi
from caffepy.parallel.base import Communicator
from caffepy.parallel.local import Local, new_uid
from caffepy.parallel.single import Single

T = TypeVar("T")

LEAVE = 10.0  # seconds in which workers end by themselves once the first has ended

MOST = 256  # workers on one machine; a larger number is taken for a mistake


def join(report: mpi.Report | None = None) -> Communicator:
    """The communicator of this process: that of an MPI launcher if one started it, else Single.

    Raises:
        DeviceError: MPI was asked for and is missing.
    """
    if mpi.launched() == 1:
        return Single()
    communicator = mpi.Mpi(report)
    if not communicator.root:
        be_quiet()
    return communicator


@contextlib.contextmanager
def ending_together(communicator: Communicator) -> Iterator[None]:
    """Whatever is raised inside ends all workers, with this error shown once."""
    try:
        yield
    except BaseException as error:
        communicator.abort(error)
        raise


def run(work: Callable[..., T], size: int, *arguments: Any) -> T:
    """Call ``work(communicator, *arguments)`` in ``size`` processes, this one being worker 0.

    Returns: what worker 0's call returned.

    Raises:
        CaffeError: what ``work`` raised here; or in another process, then with "worker 2:" in
            front. The others are ended.
    """
    if not 1 <= size <= MOST:
        raise ConfigError("so many workers cannot be started", found=size, allowed=f"1 to {MOST}")
    if size == 1:
        return work(Single(), *arguments)
    uid = new_uid()
    spawn = multiprocessing.get_context("spawn")
    others = [
        spawn.Process(target=_take_part, args=(uid, rank, size, work, arguments),
                      name=f"worker {rank}", daemon=True)
        for rank in range(1, size)
    ]
    try:
        for process in others:
            process.start()
        with Local(uid, 0, size, lambda: _check_alive(others)) as communicator:
            with ending_together(communicator):
                result = work(communicator, *arguments)
        return result
    finally:
        for process in others:
            if process.pid is not None:
                process.join(LEAVE)
                if process.is_alive():
                    process.kill()
                    process.join()


def _take_part(
    uid: str, rank: int, size: int, work: Callable[..., Any], arguments: Sequence[Any]
) -> None:
    """What a started process does."""
    be_quiet()
    # until the work sets its own handler: Ctrl-C reaches all workers, and worker 0 reports it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def check() -> None:
        if parent is not None and not parent.is_alive():
            raise CaffeError("worker 0 has ended")

    try:
        with Local(uid, rank, size, check) as communicator, ending_together(communicator):
            work(communicator, *arguments)
    except CaffeError:
        sys.exit(1)  # worker 0 shows it
    except BaseException:
        traceback.print_exc()  # a bug: worker 0 shows its name alone
        sys.exit(1)


def _check_alive(others: Sequence[Any]) -> None:
    for process in others:
        if process.exitcode is not None:
            raise CaffeError(f"{process.name} ended before the training began",
                             found=f"exit code {process.exitcode}")


def be_quiet() -> None:
    """Log errors alone: what all workers have to say, worker 0 says."""
    log.init(logging.ERROR)
    log.take_warnings()


def pick_device(local_rank: int, visible: Sequence[int]) -> int:
    """Which GPU a worker takes.

    Args:
        local_rank: the worker's number among those on this machine.
        visible: the devices that it may use, as -gpu or CUDA_VISIBLE_DEVICES name them. A single
            one is its own: Slurm shows each task nothing but the device meant for it.

    Raises:
        DeviceError: there are more workers on this machine than devices.
    """
    if len(visible) == 1:
        return visible[0]
    if local_rank >= len(visible):
        raise DeviceError(
            f"no GPU is left for worker {local_rank} of this machine",
            found=f"GPUs {', '.join(map(str, visible)) or 'none'}",
            fix="Start as many workers on a machine as it has GPUs.")
    return visible[local_rank]


def threads(local_size: int, told: int | None = None) -> int | None:
    """How many threads one of the CPU workers on a machine takes: its share of the cores.

    None leaves it to the engines: a single worker, or OMP_NUM_THREADS says it, or the launcher
    has bound each worker to cores of its own.

    Args:
        told: what OMP_NUM_THREADS says (settings.Settings.threads).
    """
    if local_size == 1 or told:
        return None
    if hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) < (os.cpu_count() or 1):
        return None
    return max(1, cores.usable() // local_size)
