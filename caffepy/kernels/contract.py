"""What a spec, a kernel and an engine are; ``base`` has one of the first two for each operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.core.memory import Mover, Place


class Unsupported(Exception):
    """An engine cannot do this; the next one is asked."""


class Kernel:
    """A plan. ``engine`` and ``detail`` tell ``caffepy time`` what will run."""

    engine = ""

    def __init__(self, spec: Any, engine: Engine) -> None:
        self.spec = spec
        self.owner = engine

    @property
    def detail(self) -> str:
        """The implementation chosen, in the engine's own words."""
        return ""


class Engine:
    """A set of kernels. ``kernels`` maps each spec class to the class that implements it.

    ``device`` is the GPU it computes on (a kernels.cuda.device.Device), or None for the host.
    """

    name = ""
    device: Any = None
    kernels: dict[type, type[Kernel]] = {}
    xp: Any = np
    place = Place.HOST

    def mover(self) -> Mover:
        """A mover of its own for each context, since it counts."""
        return Mover()

    def plan(self, spec: Spec) -> Kernel:
        """A kernel for the spec.

        Raises:
            Unsupported: this engine has none for it.
        """
        if type(spec) not in self.kernels:
            raise Unsupported(f"{self.name} has no {type(spec).__name__}")
        return self.kernels[type(spec)](spec, self)


@dataclass(frozen=True)
class Spec:
    """Base of all specs. ``dtype`` is the name of the number type: float32 or float64."""
