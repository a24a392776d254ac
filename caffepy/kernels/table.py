"""Who implements what: the kernels of each engine, and the contracts they keep.

    @implements("shape", "slope")
    class ReLU(ReLUKernel): ...

enters a class for its engine, with the fields of the spec that it heeds. The files of an engine's
package and of ``operations`` are found by walking, so a new kernel is one new file. A spec in which
another field is set is not for it: a kernel that knows nothing of a setting must not compute
without it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar, get_type_hints

if TYPE_CHECKING:
    from caffepy.kernels.contract import Kernel, Spec

K = TypeVar("K", bound="type[Kernel]")

OPERATIONS = "caffepy.kernels.operations"
OF_THE_ENGINE = {"dtype"}  # an engine says for all of its kernels what it can compute in

_kernels: dict[str, dict[type[Spec], list[type[Kernel]]]] = {}


def implements(*heeded: str) -> Callable[[K], K]:
    """Class decorator: the class is its engine's kernel for the spec of the contract it derives
    from. ``heeded`` are that spec's fields, but for dtype.

    Where several classes of an engine serve one spec, those that say which they serve
    (``Kernel.serves``) are asked first.

    Raises:
        TypeError: a field that the spec has not, or one without a default that is not heeded.
    """

    def enter(cls: K) -> K:
        spec = spec_of(cls)
        known = {field.name: field for field in fields(spec)}
        needed = {name for name, field in known.items() if field.default is MISSING}
        cls.heeds = OF_THE_ENGINE | {*heeded}
        if wrong := sorted((cls.heeds - set(known)) | (needed - cls.heeds)):
            raise TypeError(f"{cls.__module__}.{cls.__name__}: {', '.join(wrong)} of "
                            f"{spec.__name__}: not there, or needed and not heeded")
        same = _kernels.setdefault(cls.engine, {}).setdefault(spec, [])
        same.insert(0 if "serves" in vars(cls) else len(same), cls)
        return cls

    return enter


def spec_of(cls: type[Kernel]) -> type[Spec]:
    """The spec of a kernel class, by its contract's annotation."""
    found: type[Spec] = get_type_hints(cls)["spec"]
    return found


def kernels(engine: str, package: str) -> dict[type[Spec], list[type[Kernel]]]:
    """The kernels of an engine whose files lie in ``package``, by the spec they serve."""
    if package:
        walk(package)
    return _kernels.get(engine, {})


@cache
def contracts() -> dict[type[Spec], type[Kernel]]:
    """Each operation's spec, and the class that says how its kernels are called."""
    from caffepy.kernels.contract import Kernel

    found: dict[type[Spec], type[Kernel]] = {}
    for module in walk(OPERATIONS):
        for cls in vars(module).values():
            if isinstance(cls, type) and issubclass(cls, Kernel) and (
                    cls.__module__ == module.__name__):
                found[spec_of(cls)] = cls
    return found


@cache
def walk(package: str) -> list[ModuleType]:
    """The modules of a package, all of them imported."""
    path = importlib.import_module(package).__path__
    return [importlib.import_module(f"{package}.{module.name}")
            for module in pkgutil.iter_modules(path)]
