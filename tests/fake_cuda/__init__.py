"""A GPU that every machine has: what CuPy and CUDA would do, done by the CPU, for tests.

``install`` (the fixture ``fake_gpu``) puts a module in CuPy's place whose arrays refuse what
CuPy's refuse, whose streams capture graphs, and whose RawModule compiles the real CUDA source
with g++. It tells nothing of speed, and nothing of races between streams.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from fake_cuda import devices, emulator, memory, module, streams
from fake_cuda.memory import array_at
from fake_cuda.streams import counts, record

__all__ = ["array_at", "counts", "devices", "emulator", "install", "memory", "missing", "record",
           "streams"]


def missing() -> str | None:
    """What this machine lacks for the fake; None if it is all there."""
    return None if emulator.compiler() else "g++ is not installed, which compiles the kernels"


def install(monkeypatch: Any) -> Any:
    """Put the fake in CuPy's place until the test ends; returns the fake ``cupy``."""
    streams.reset()
    memory.reset()
    for name, fake in module.module().items():
        monkeypatch.setitem(sys.modules, name, fake)
    if importlib.util.find_spec("fake_cuda.libraries"):
        importlib.import_module("fake_cuda.libraries").install(monkeypatch)
    return sys.modules["cupy"]
