"""What an update rule is, and the table of them: ``type: "SGD"`` in a solver file.

    @rule("SGD")
    class SGD(Rule): ...

One file a rule, found by walking ``caffepy.solvers``; plug-in packages register through the entry
point group ``caffepy.solvers``, whose entries name modules to import.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from caffepy.errors import ConfigError, did_you_mean
from caffepy.kernels.operations.update import Constants, UpdateSpec

Array = Any

PACKAGE = "caffepy.solvers"
ENTRY_POINTS = "caffepy.solvers"


class Constant:
    """A field of the SolverParameter that a rule works with, as an attribute of the same name.

        momentum2 = Constant("second")

    A rule takes its value when it is made; who sets the attribute later changes it for that rule.

    Args:
        part: which of a kernel's Constants it is; by default the one of its own name.
    """

    def __init__(self, part: str = "") -> None:
        self.part = part

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.part = name, self.part or name

    def __get__(self, rule: Rule | None, owner: type) -> float:
        if rule is None:
            raise AttributeError(self.name)
        return float(getattr(rule.param, self.name))


class Rule:
    """How gradients become the amount that is subtracted from the weights.

    A rule sees the parameters in chunks, in no particular order and in several threads at once:
    ``update`` must be element-wise, in place, and change nothing but its arguments. What all
    elements of an iteration share is computed in ``begin``.

    Its constants are declared in its class (see Constant); momentum is one of every rule.

    Class attributes:
        histories: how many numbers the rule remembers per weight; one that is made may have more.
        decoupled: whether weight decay shrinks the weights themselves, by the rate times the
            decay, instead of joining the gradients.
        correction: what the rate is multiplied with besides, for kernels.
        kernel: what it is called where it is done in fewer passes: in one on GPUs
            (kernels/cuda/source/update.cu), in a few on CPUs (kernels/onednn/update.py). A rule
            that is not there runs as it is, on NumPy's or CuPy's arrays.

    Args:
        param: the SolverParameter.
        xp: the array module, numpy or cupy.

    Raises:
        ConfigError: a parameter that this rule cannot work with.
    """

    type: ClassVar[str] = ""
    histories: int = 1
    decoupled: ClassVar[bool] = False
    kernel: str = ""
    correction: float = 1.0
    momentum = Constant()

    def __init_subclass__(cls, **more: Any) -> None:
        """An update of its own, or of a mixin, is what no kernel of a base class does."""
        super().__init_subclass__(**more)
        for base in cls.__mro__:
            if "kernel" in vars(base):
                return
            if "update" in vars(base):
                cls.kernel = ""
                return

    def __init__(self, param: Any, xp: Any) -> None:
        self.param = param
        self.xp = xp
        self._constants = self.declared()
        for constant in self._constants:
            setattr(self, constant.name, getattr(param, constant.name))
        self.check()

    @classmethod
    def declared(cls) -> list[Constant]:
        """The constants of this rule and of those that it is derived from."""
        return [found for base in reversed(cls.__mro__) for found in vars(base).values()
                if isinstance(found, Constant)]

    @property
    def device_kernel(self) -> str:
        """The kernel on GPUs, where there is room for two histories; "" for array code."""
        return self.kernel if self.histories <= 2 else ""

    def check(self) -> None:
        """Refuse parameters that make no sense for this rule."""

    def begin(self, iteration: int) -> None:
        """An update starts; ``iteration`` counts from 0."""

    def update(self, g: Array, history: tuple[Array, ...], rate: float, t: Array) -> None:
        """Replace gradients by what is to be subtracted from the weights.

        Args:
            g: gradients, divided by iter_size and regularized.
            history: as many arrays as the rule declares.
            rate: the learning rate times the parameter's lr_mult.
            t: room for intermediate values.

        All arrays are flat and equally long.
        """
        raise NotImplementedError(f"{type(self).__name__}.update")

    def constants(self) -> Constants:
        """Those of now, for kernels. They are asked for behind ``begin``, and once before the
        first."""
        return Constants(**{c.part: getattr(self, c.name) for c in self._constants})

    def spec(
        self, count: int, decays: bool, dtype: str = "float32", bounded: bool = False
    ) -> UpdateSpec:
        """What an engine is asked for to update so many weights. See UpdateSpec."""
        return UpdateSpec(self.kernel, count, self.constants(), decays, dtype, bounded)

    def refuse_momentum(self) -> None:
        """For rules whose formula has none."""
        self.fail_if(self.momentum != 0, f"Momentum cannot be used with {self.type}",
                     f"momentum: {self.momentum:g}", "Take it out.", "momentum")

    def fail_if(
        self, wrong: bool, message: str, found: object, fix: str | None = None,
        field: str | None = None,
    ) -> None:
        """Raise a ConfigError about this rule, or the field of its solver, if it is wrong."""
        if wrong:
            raise ConfigError(message, found=found, fix=fix, field=field)


R = TypeVar("R", bound="type[Rule]")

_rules: dict[str, type[Rule]] = {}
_discovered = False


def rule(type: str) -> Callable[[R], R]:
    """Class decorator: makes an update rule known under its solver type.

    Raises:
        ConfigError: two modules claim the same type.
    """

    def enter(cls: R) -> R:
        other = _rules.get(type)
        if other and other.__module__ != cls.__module__:
            raise ConfigError(f"the solver type {type} is registered twice",
                              found=f"{other.__module__} and {cls.__module__}",
                              fix="Rename one of them.")
        cls.type = type
        _rules[type] = cls
        return cls

    return enter


def types() -> list[str]:
    """The names of all solver types, sorted."""
    global _discovered
    if not _discovered:
        for module in pkgutil.iter_modules(importlib.import_module(PACKAGE).__path__):
            importlib.import_module(f"{PACKAGE}.{module.name}")
        for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
            point.load()
        _discovered = True  # only now: solvers made in another thread must wait until all are here
    return sorted(_rules)


def get(type: str) -> type[Rule]:
    """The rule of a solver type.

    Raises:
        ConfigError: nobody registered that type; the message lists all and suggests the nearest.
    """
    known = types()
    if type not in _rules:
        raise ConfigError(f"Unknown solver type: {type}", allowed=", ".join(known),
                          fix=did_you_mean(type, known), field="type")
    return _rules[type]
