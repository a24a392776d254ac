"""pycaffe's switches: mode, device and seed for the nets that are made from here on.

They are context variables, so threads and tasks do not disturb each other, and nothing in the
engine reads them: they only choose the Context that a new net is handed.
"""

from __future__ import annotations

from contextvars import ContextVar

from caffepy.core.context import Context

_gpu: ContextVar[bool] = ContextVar("caffepy_gpu", default=False)
_device: ContextVar[int] = ContextVar("caffepy_device", default=0)
_seed: ContextVar[int | None] = ContextVar("caffepy_seed", default=None)


def set_mode_cpu() -> None:
    """New nets compute on the CPU (the default)."""
    _gpu.set(False)


def set_mode_gpu() -> None:
    """New nets compute on the GPU chosen by ``set_device``.

    Raises:
        DeviceError: there is none; the message says what is missing.
    """
    Context(device=_device.get())
    _gpu.set(True)


def set_device(device: int) -> None:
    """The number of the GPU that ``set_mode_gpu`` means."""
    _device.set(int(device))


def set_random_seed(seed: int) -> None:
    """Fix all random draws of the nets made from here on (fillers, dropout, crops, shuffles).

    The first net made after this call takes ``seed``, the next ``seed + 1``, and so on, so that
    a script gives the same numbers each time and its nets still differ.
    """
    _seed.set(int(seed))


def new_context() -> Context:
    """The context for the next net."""
    seed = _seed.get()
    if seed is not None:
        _seed.set(seed + 1)
    return Context(device=_device.get() if _gpu.get() else "cpu", seed=seed)
