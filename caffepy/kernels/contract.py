"""What a spec, a kernel and an engine are; ``operations`` has the first two for each operation.

A spec is frozen and hashable: shapes and settings, nothing of the values. ``Engine.plan`` makes a
kernel of it. It reaches tensors by the verbs of core.memory in the place it likes; parameters'
gradients accumulate, other outputs are overwritten.

A plan is not its last use. What planning makes (primitives, layouts, descriptors, the ways chosen)
stays as it is however often a kernel runs. What a forward leaves for its backward (a mask, winners,
statistics, a workspace) belongs to one use: two uses of one plan, say a layer's two dropouts of one
shape, each have their own and see nothing of the other's.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from caffepy.core.memory import Mover, Place
from caffepy.kernels import table
from caffepy.kernels.tuning import Choices, Ways
from caffepy.settings import Settings

Pairs = tuple[int, ...]  # one number per spatial axis

PAST_KEPT = 15  # shapes for which a use keeps what it left, besides the one it is for


class Unsupported(Exception):
    """An engine cannot do this; the next one is asked."""


class Kernel:
    """A plan, and one use of it.

    Running it changes ``left`` and nothing else, but for caches that know which value they are of,
    such as weights in another order. A backward is that of this use's last forward.

    Attributes:
        engine, detail: tell ``caffepy time`` what will run.
        ways: how it computes each direction, where it could in several ways (see candidates).
        heeds: the fields of the spec that it looks at (see table.implements).
        leaves: whether a forward leaves anything; declared by the operation, and by a kernel that
            knows better.
        left: what it left; None before the first. Its class is the kernel's own.
        planned: the kernel whose plan this is a further use of.
        past: what this use has left by other plans.
    """

    engine = ""
    ways: Ways = {}
    heeds: set[str] = set()
    leaves = False
    left: Any = None
    planned: Kernel | None = None
    past: dict[Kernel, Any] = {}

    def __init__(self, spec: Any, engine: Engine) -> None:
        self.spec = spec
        self.owner = engine

    def use(self, before: Kernel | None = None) -> Kernel:
        """A further use of the plan. Where nothing is left, one kernel is for all uses.

        Args:
            before: the kernel that the use had until now, if it is no new one. What was left by
                this plan then is there again.
        """
        if not self.leaves:
            return self
        if before and before.planned is self:
            return before
        other = copy.copy(self)
        other.planned, other.past = self, {}
        if before and before.planned:
            other.past = {**before.past, before.planned: before.left}
            if len(other.past) > PAST_KEPT:
                other.past.pop(next(iter(other.past)))
        other.left = other.past.pop(self, None)
        return other

    @classmethod
    def serves(cls, spec: Any) -> bool:
        """Whether this class is for the spec, where several classes of an engine share an
        operation."""
        return True

    @property
    def detail(self) -> str:
        """The implementation chosen, in the engine's own words."""
        return ""

    def candidates(self) -> dict[str, list[str]]:
        """Directions (methods) that can go several ways, and their names, the rule's first.

        An engine whose ``choices`` name another way for a spec plans a kernel that goes it.
        """
        return {}


class Engine:
    """A set of kernels: those of the files in ``package`` that are entered for its ``name``.

    ``known`` are all classes that have been imported, by name.
    ``device`` is the GPU it computes on (a kernels.cuda.device.Device), or None for the host;
    ``settings`` are its context's (plain ones if it was made by itself), and ``choices`` the
    machine's own; kernels planned from now on follow both.
    """

    known: ClassVar[dict[str, type[Engine]]] = {}
    name = ""
    package = ""
    device: Any = None
    xp: Any = np
    place = Place.HOST
    settings = Settings()
    choices = Choices()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.known[cls.name] = cls

    @classmethod
    def on_host(cls, threads: int | None) -> Engine:
        """One for the CPU, of so many threads; None leaves that to it.

        Raises:
            Unsupported: this machine cannot run it; the message says what is missing.
        """
        raise Unsupported(f"{cls.name} does not compute on the CPU")

    @property
    def kernels(self) -> dict[type[Spec], list[type[Kernel]]]:
        """The classes that serve each spec, in the order in which they are asked."""
        return table.kernels(self.name, self.package)

    def without(self, half: str) -> str | None:
        """Why activations do not lie in this half-precision type here, or why there are no kernels
        of 8 bits ("int8"), in words that end a line of the log; None if they can, or if it has."""
        return f"the {self.name} kernels compute in float32 or float64"

    def mover(self) -> Mover:
        """A mover of its own for each context, since it counts."""
        return Mover()

    def taping(self) -> contextlib.AbstractContextManager[Any]:
        """Put on a tape what its kernels do to arrays inside, to be played again (core.taped).
        None where an engine has no tapes."""
        return contextlib.nullcontext()

    def also(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call a function that works on arrays, and tape that, too."""
        function(*arguments)

    def plan(self, spec: Spec) -> Kernel:
        """A kernel for the spec.

        Raises:
            Unsupported: this engine has none for it.
        """
        for cls in self.kernels.get(type(spec), ()):
            if cls.serves(spec):
                unheeded = [field.name for field in fields(spec) if field.name not in cls.heeds
                            and getattr(spec, field.name) != field.default]
                if unheeded:
                    raise Unsupported(f"{self.name}'s {cls.__name__} knows nothing of "
                                      f"{', '.join(unheeded)}")
                return cls(spec, self)
        raise Unsupported(f"{self.name} has no {type(spec).__name__}")


@dataclass(frozen=True)
class Spec:
    """Base of all specs. ``dtype`` is the name of the number type: float32 or float64.

    Or float16 or bfloat16: then activations and their gradients lie in half precision (their
    memories have places for that), parameters and their gradients in float32, and sums are float32.
    """
