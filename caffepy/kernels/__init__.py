"""The arithmetic of the hot layers: one set of names and signatures, several engines.

``base`` declares the specs and kernels; ``reference`` has all of them, written to read like the
formula; other engines have those they do faster. What an engine cannot do falls through to the
next: onednn and then reference on the CPU, cuda and then reference on a GPU.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from caffepy import log
from caffepy.errors import ConfigError, DeviceError, did_you_mean
from caffepy.kernels.contract import Engine, Kernel, Spec, Unsupported

logger = log.get(__name__)

NAMES = ("onednn", "reference")  # on the CPU
GPU_NAMES = ("cuda", "reference")

# One stream serves all nets that a thread makes, which may share their weights: what one writes
# is written when the other reads it.
_of_this_thread = threading.local()


def engine(name: str, threads: int | None = None) -> Engine:
    """Start the CPU's engine of that name.

    Raises:
        ConfigError: no engine is called that.
        Unsupported: this machine cannot run it; the message says what is missing.
    """
    if name == "reference":
        from caffepy.kernels.reference import ReferenceEngine

        return ReferenceEngine()
    if name == "onednn":
        from caffepy.kernels.onednn import OneDnnEngine

        return OneDnnEngine(threads)
    raise ConfigError(f"there is no engine {name!r}", allowed=", ".join(NAMES),
                      fix=did_you_mean(name, NAMES))


def choose_engines(
    device: str | int, names: Sequence[str] | None = None, threads: int | None = None
) -> list[Engine]:
    """The engines for a device, fastest first; the reference engine always closes the list.

    Raises:
        DeviceError: the device is not there.
        ConfigError, Unsupported: an engine that was asked for by name cannot serve.
    """
    if device != "cpu":
        return _gpu_engines(int(device), names or GPU_NAMES)
    chosen = []
    for name in names or NAMES:
        try:
            chosen.append(engine(name, threads))
        except Unsupported as missing:
            if names:
                raise DeviceError(str(missing)) from None
            logger.warning("%s Computing with the slower %s kernels.", missing, NAMES[-1])
    if chosen[-1].name != "reference":
        chosen.append(engine("reference"))
    return chosen


def _gpu_engines(device: int, names: Sequence[str]) -> list[Engine]:
    """The CUDA engine unless only the reference kernels are wanted, and these on its arrays."""
    for name in names:
        if name not in GPU_NAMES:
            raise ConfigError(f"the engine {name!r} does not compute on a GPU",
                              allowed=", ".join(GPU_NAMES), fix=did_you_mean(name, GPU_NAMES))
    from caffepy.kernels.cuda import CudaEngine
    from caffepy.kernels.reference import ReferenceEngine

    engines = _of_this_thread.__dict__
    cuda = engines.get(str(device)) or engines.setdefault(str(device), CudaEngine(device))
    reference = ReferenceEngine(cuda.xp, cuda.place, cuda.mover)
    reference.device = cuda.device
    return [cuda, reference] if "cuda" in names else [reference]


def plan(
    spec: Spec, context: object, engine: str | None = None, half: str | None = None
) -> Kernel:
    """The kernel for ``spec`` from the first of the context's engines that can do it.

    Args:
        engine: the name of one to ask before the reference engine, and no others.
        half: "float16" or "bfloat16": activations lie so if an engine can do that.
    """
    engines: list[Engine] = context.engines  # type: ignore[attr-defined]
    if engine and any(e.name == engine for e in engines):
        engines = [e for e in engines if e.name in (engine, "reference")]
    stored = [replace(spec, dtype=half)] if half else []  # type: ignore[call-arg]
    for wanted in (*stored, spec):
        for candidate in engines:
            try:
                return candidate.plan(wanted)
            except Unsupported as reason:
                logger.debug("%s cannot do %s: %s", candidate.name, wanted, reason)
    raise AssertionError(f"the reference engine lacks {type(spec).__name__}")
