"""The kernels that run on oneDNN, for x86-64 Linux, 4-D activations channels-last.

They compute in float32; or, where the processor has it, on activations in bfloat16, with products
of bfloat16 that are summed in float32.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import cached_property
from typing import Any

from caffepy.core.memory import Mover
from caffepy.kernels import tuning
from caffepy.kernels.contract import Engine, Kernel, Spec, Unsupported
from caffepy.kernels.onednn.mover import OneDnnMover
from caffepy.kernels.onednn.runtime import Runtime
from caffepy.kernels.onednn.tape import Tape

NO_BFLOAT16 = "bfloat16 wants a CPU with AVX512_BF16 or AMX"
NO_INT8 = "8 bits want a CPU with AVX_VNNI, AVX512_VNNI or AMX"
# oneDNN 3.2 widens it to float32 and computes at 0.4 to 0.8 of float32's speed, AVX512_FP16 or not
NO_FLOAT16 = "on a CPU float16 is slower than float32 (bfloat16 is faster, with AVX512_BF16 or AMX)"


class OneDnnEngine(Engine):
    """Plans oneDNN kernels.

    Args:
        threads: how many OpenMP threads to use; None leaves it to OMP_NUM_THREADS, or all cores.

    Raises:
        Unsupported: the library cannot be loaded; the message says what to install.
    """

    name = "onednn"
    package = __name__

    def __init__(self, threads: int | None = None) -> None:
        self.runtime = Runtime(threads)

    @classmethod
    def on_host(cls, threads: int | None) -> Engine:
        """See Engine.on_host."""
        return cls(threads)

    @property
    def version(self) -> str:
        """oneDNN's version, such as ``3.2.0``."""
        return self.runtime.library.version_text

    @cached_property
    def choices(self) -> tuning.Choices:  # type: ignore[override]
        """The machine's own, read when the first kernel is planned, unless given before."""
        return tuning.choices(self.settings, self.version, self.runtime.threads)

    @property
    def machine(self) -> str:
        """What choices measured here hold for."""
        return tuning.machine(self.version, self.runtime.threads)

    @property
    def path(self) -> str:
        """The shared library in use."""
        return self.runtime.library.path

    def mover(self) -> Mover:
        """A mover that changes the order of activations on all threads."""
        return OneDnnMover(self.runtime)

    def taping(self) -> contextlib.AbstractContextManager[Tape]:
        """See Engine.taping."""
        return self.runtime.taping()

    def also(self, function: Callable[..., Any], *arguments: Any) -> None:
        """See Engine.also."""
        self.runtime.also(function, *arguments)

    def plan(self, spec: Spec) -> Kernel:
        """See Engine.plan."""
        dtype: str = spec.dtype  # type: ignore[attr-defined]
        if dtype != "float32" and (missing := self.without(dtype)):
            raise Unsupported(missing)
        return super().plan(spec)

    def without(self, half: str) -> str | None:
        """See Engine.without."""
        if half == "bfloat16":
            return None if self.runtime.has_bfloat16 else NO_BFLOAT16
        if half == "int8":
            return None if self.runtime.has_int8 else NO_INT8
        return NO_FLOAT16 if half == "float16" else super().without(half)
