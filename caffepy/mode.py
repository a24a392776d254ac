"""pycaffe's switches: mode, device, seed and worker number for what is made from here on.

As in the original they belong to a thread: each starts on the CPU, and threads do not disturb
each other. Nothing in the engine reads them: they only choose the Context of a new net.
"""

from __future__ import annotations

import threading

from caffepy.core.context import Context
from caffepy.errors import ConfigError, DeviceError
from caffepy.parallel.single import Single


class _Switches(threading.local):
    gpu: bool = False
    device: int = 0
    seed: int | None = None
    solver_count: int = 1
    solver_rank: int = 0
    multiprocess: bool = False


_switches = _Switches()


def set_mode_cpu() -> None:
    """New nets compute on the CPU (the default)."""
    _switches.gpu = False


def set_mode_gpu() -> None:
    """New nets compute on the GPU chosen by ``set_device``.

    Raises:
        DeviceError: there is none; the message says what is missing.
    """
    Context(device=_switches.device)
    _switches.gpu = True


def set_device(device: int) -> None:
    """The number of the GPU that ``set_mode_gpu`` means.

    Raises:
        ConfigError: a negative number.
        DeviceError: the mode is GPU already, and there is no such device.
    """
    number = int(device)
    if number < 0:
        raise ConfigError("a device number is not negative", found=number, allowed="0, 1, ...")
    if _switches.gpu:
        Context(device=number)
    _switches.device = number


def set_random_seed(seed: int) -> None:
    """Fix all random draws of the nets made from here on (fillers, dropout, crops, shuffles).

    The first net made after this call takes ``seed``, the next ``seed + 1``, and so on, so that
    a script gives the same numbers each time and its nets still differ.
    """
    _switches.seed = int(seed)


# -- workers that train together -------------------------------------------------------------


def solver_count() -> int:
    """How many workers train together (1 unless ``set_solver_count`` was called)."""
    return _switches.solver_count


def set_solver_count(count: int) -> None:
    """Say how many workers train together: the readers of new training nets share out the
    records among them.

    Raises:
        ConfigError: less than one.
    """
    if count < 1:
        raise ConfigError("there is at least one worker", found=count, allowed="1, 2, ...")
    _switches.solver_count = int(count)


def solver_rank() -> int:
    """Which of the workers this one is, from 0."""
    return _switches.solver_rank


def set_solver_rank(rank: int) -> None:
    """Say which of the workers this one is. Only worker 0 tests and writes snapshots.

    Raises:
        ConfigError: a negative number.
    """
    if rank < 0:
        raise ConfigError("a worker's number is not negative", found=rank, allowed="0, 1, ...")
    _switches.solver_rank = int(rank)


def set_multiprocess(multiprocess: bool) -> None:
    """Say that each worker is a process. Here they always are, so nothing depends on it."""
    _switches.multiprocess = bool(multiprocess)


def has_nccl() -> bool:
    """Whether workers in GPU mode can average their gradients. (On the CPU they always can.)"""
    try:
        nccl = Context(device=_switches.device).accelerator.nccl
    except (DeviceError, ImportError):
        return False
    return bool(nccl.available)


# -- for who makes nets -----------------------------------------------------------------------


def new_context(seed: int | None = None, precision: str | None = None) -> Context:
    """The context for the next net.

    Args:
        seed: overrides ``set_random_seed``.
        precision: as Context takes it.

    Raises:
        ConfigError: ``set_solver_rank`` and ``set_solver_count`` do not fit each other.
        DeviceError: the GPU is gone.
    """
    rank, count = _switches.solver_rank, _switches.solver_count
    if rank >= count:
        raise ConfigError("the worker's number is too large", found=f"solver_rank {rank}",
                          allowed=f"less than solver_count, {count}",
                          fix="Call set_solver_count first.")
    if seed is None and _switches.seed is not None:
        seed = _switches.seed
        _switches.seed += 1
    return Context(device=_switches.device if _switches.gpu else "cpu", seed=seed,
                   rank=rank, size=count, precision=precision)


def new_communicator() -> Single:
    """What makes a solver, which averages with nobody until an NCCL connects it, know its number
    among the workers."""
    single = Single()
    single.rank, single.size = _switches.solver_rank, _switches.solver_count
    return single
