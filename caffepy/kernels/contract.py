"""What a spec, a kernel and an engine are; ``base`` has one of the first two for each operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.core.memory import Mover, Place
from caffepy.kernels.tuning import Choices, Ways


class Unsupported(Exception):
    """An engine cannot do this; the next one is asked."""


class Kernel:
    """A plan. ``engine`` and ``detail`` tell ``caffepy time`` what will run.

    ``ways`` are those that it goes, by direction, where there are several (see candidates).
    """

    engine = ""
    ways: Ways = {}

    def __init__(self, spec: Any, engine: Engine) -> None:
        self.spec = spec
        self.owner = engine

    @property
    def detail(self) -> str:
        """The implementation chosen, in the engine's own words."""
        return ""

    def candidates(self) -> dict[str, list[str]]:
        """Directions (methods) that can go several ways, and their names, the rule's first.

        A kernel planned by an engine whose ``choices`` has another goes that one.
        """
        return {}


class Engine:
    """A set of kernels. ``kernels`` maps each spec class to the class that implements it.

    ``device`` is the GPU it computes on (a kernels.cuda.device.Device), or None for the host;
    ``choices`` are the machine's own, which kernels planned from now on follow.
    """

    name = ""
    device: Any = None
    kernels: dict[type, type[Kernel]] = {}
    xp: Any = np
    place = Place.HOST
    choices = Choices()

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
    """Base of all specs. ``dtype`` is the name of the number type: float32 or float64.

    Or float16 or bfloat16: then activations and their gradients lie in half precision (their
    memories have places for that), parameters and their gradients in float32, and sums are float32.
    """
