"""The kernels that run on oneDNN, for x86-64 Linux: float32, 4-D activations channels-last."""

from __future__ import annotations

from functools import cached_property

from caffepy.core.memory import Mover
from caffepy.kernels import tuning
from caffepy.kernels.contract import Engine, Kernel, Spec, Unsupported
from caffepy.kernels.onednn.mover import OneDnnMover
from caffepy.kernels.onednn.runtime import Runtime


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

    def plan(self, spec: Spec) -> Kernel:
        """See Engine.plan."""
        if spec.dtype != "float32":  # type: ignore[attr-defined]
            raise Unsupported("the oneDNN kernels compute in float32 only")
        return super().plan(spec)
