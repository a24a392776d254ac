"""Which engines there are, which of them a context gets, and which of these computes a spec.

An engine is a package of this name beside this file, or a class that somebody else's package names
in its entry point group ``caffepy.engines``. It is imported when it is asked for.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import threading
from collections.abc import Sequence
from dataclasses import replace

from caffepy import log
from caffepy.errors import ConfigError, DeviceError, did_you_mean
from caffepy.kernels.contract import Engine, Kernel, Spec, Unsupported
from caffepy.settings import Settings

logger = log.get(__name__)

# the fastest first; the last one has all kernels
CPU = ("onednn", "reference")
GPU = ("cuda", "reference")
ENTRY_POINTS = "caffepy.engines"

# A thread's devices. One stream serves all nets that it makes, which may share their weights: what
# one writes is written when the other reads it.
_of_this_thread = threading.local()


def engine_class(name: str) -> type[Engine]:
    """The class of the engine of that name, whether or not this machine can run it.

    Raises:
        ConfigError: no engine is called that.
    """
    if name in {*CPU, *GPU}:
        importlib.import_module(f"caffepy.kernels.{name}")
    elif name not in Engine.known:
        for point in importlib.metadata.entry_points(group=ENTRY_POINTS, name=name):
            point.load()
    if name not in Engine.known:
        raise ConfigError(f"there is no engine {name!r}", allowed=", ".join(CPU),
                          fix=did_you_mean(name, CPU))
    return Engine.known[name]


def engine(name: str, threads: int | None = None) -> Engine:
    """Start the CPU's engine of that name.

    Raises:
        ConfigError: no engine is called that.
        Unsupported: this machine cannot run it; the message says what is missing.
    """
    return engine_class(name).on_host(threads)


def choose_engines(
    device: str | int, names: Sequence[str] | None = None, threads: int | None = None,
    settings: Settings | None = None,
) -> list[Engine]:
    """The engines for a device, fastest first; the reference engine always closes the list.

    Args:
        names: those to take, in order of preference; None takes the settings' one, or all.
        settings: what kernels go by; None for plain ones.

    Raises:
        DeviceError: the device is not there.
        ConfigError, Unsupported: an engine that was asked for by name cannot serve.
    """
    settings = settings or Settings()
    if names is None and settings.engine:
        names = (settings.engine,)
    chosen = (_cpu_engines(names, threads) if device == "cpu" else
              _gpu_engines(int(device), names or GPU))
    for each in chosen:
        each.settings = settings
    return chosen


def plan(
    spec: Spec, context: object, engine: str | None = None, half: str | None = None
) -> Kernel:
    """The kernel for ``spec`` from the first of the context's engines that can do it.

    Args:
        engine: the prototxt's word (core.layer.Layer.engine): the one to ask before the reference
            engine, and no others, if the context has it.
        half: "float16" or "bfloat16": activations lie so if an engine can do that.
    """
    engines: list[Engine] = context.engines  # type: ignore[attr-defined]
    if engine and any(e.name == engine for e in engines):
        engines = [e for e in engines if e.name in (engine, CPU[-1])]
    wishes = [*([replace(spec, dtype=half)] if half else []), spec]  # type: ignore[call-arg]
    eight = getattr(spec, "quantized", None)
    if eight:  # by the first engine or by none: float32 is faster than rounding in NumPy
        wishes += [replace(wish, quantized=None) for wish in wishes]  # type: ignore[call-arg]
    for wanted in wishes:
        rounds = eight and wanted.quantized  # type: ignore[attr-defined]
        for candidate in engines[:1] if rounds else engines:
            try:
                return candidate.plan(wanted)
            except Unsupported as reason:
                logger.debug("%s cannot do %s: %s", candidate.name, wanted, reason)
    raise AssertionError(f"the reference engine lacks {type(spec).__name__}")


def _cpu_engines(names: Sequence[str] | None, threads: int | None) -> list[Engine]:
    chosen = []
    for name in names or CPU:
        try:
            chosen.append(engine(name, threads))
        except Unsupported as missing:
            if names:
                raise DeviceError(str(missing)) from None
            logger.warning("%s Computing with the slower %s kernels.", missing, CPU[-1])
    if chosen[-1].name != CPU[-1]:
        chosen.append(engine(CPU[-1]))
    return chosen


def _gpu_engines(number: int, names: Sequence[str]) -> list[Engine]:
    """The CUDA engine unless only the reference kernels are wanted, and these on its arrays."""
    for name in names:
        if name not in GPU:
            raise ConfigError(f"the engine {name!r} does not compute on a GPU",
                              allowed=", ".join(GPU), fix=did_you_mean(name, GPU))
    from caffepy.kernels.cuda import CudaEngine
    from caffepy.kernels.reference import ReferenceEngine

    devices = _of_this_thread.__dict__
    cuda = CudaEngine(devices.get(str(number), number))
    devices[str(number)] = cuda.device
    reference = ReferenceEngine(cuda.xp, cuda.place, cuda.mover)
    reference.device = cuda.device
    return [cuda, reference] if "cuda" in names else [reference]
