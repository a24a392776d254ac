"""The one table of layer types: every name a type goes by lives on its ``@register`` line.

    @register("ReLU", v1="RELU", v0="relu", param="relu_param")
    class ReLU(Layer): ...

A type of a fork says whose it is, ``@register("Permute", dialect="ssd", ...)``. Where two forks
call different layers by one name, each class but one says by which words of the layer it is known
(``Traits.speaks``); that one is meant where no other is.

The modules of ``caffepy.layers`` are found by walking the package, so a new layer is one new file.
A look-up imports those that are named after the type, as ``eltwise`` and ``eltwise_coeff_blob``
after Eltwise; where there are none, or somebody asks for all, all are imported. Plug-in packages
register through the entry point group ``caffepy.layers``, whose entries name modules to import.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.metadata
import pkgutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from caffepy.errors import CaffeError, ConfigError
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.core.layer import Layer
    from caffepy.proto.type_names import TypeNames

    LayerClass = type[Layer]  # within Entry, ``type`` is a field

L = TypeVar("L", bound="type[Layer]")

LAYERS_PACKAGE = "caffepy.layers"
ENTRY_POINTS = "caffepy.layers"
ORIGINAL = "caffe"
PLUG_IN = "plug-in"
PLUG_IN_MODULES = "caffepy_plugin_"  # so begin the modules that core.plugins makes of files


@dataclass(frozen=True)
class Entry:
    """What the registry knows of one layer type.

    Attributes:
        type: the name in ``layer { type: "..." }``.
        cls: the class that implements it.
        v1: the name in V1's LayerType enum, or None if the type came later.
        v0: the string of the oldest format, or None.
        param: the field of LayerParameter with the type's own message, or None.
        aliases: names that forks use for the same layer.
        dialect: whose it is: "caffe", a key of proto.fork_table.FORKS, or "plug-in".
    """

    type: str
    cls: LayerClass
    v1: str | None = None
    v0: str | None = None
    param: str | None = None
    aliases: tuple[str, ...] = ()
    dialect: str = ORIGINAL


# by type and by alias; of several with one name first those that are known by words of the layer
_entries: dict[str, tuple[Entry, ...]] = {}
_discovered = False
_sought: set[str] = set()  # types whose modules have been imported


def register(
    type: str,
    *,
    v1: str | None = None,
    v0: str | None = None,
    param: str | None = None,
    aliases: tuple[str, ...] = (),
    dialect: str | None = None,
) -> Callable[[L], L]:
    """Class decorator: makes a layer class known under its names.

    Raises:
        ConfigError: two classes claim the same name, and nothing tells them apart; or there is no
            such field as ``param``.
    """

    def enter(cls: L) -> L:
        own = cls.__module__.startswith(f"{LAYERS_PACKAGE}.")
        if param and param not in caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name:
            raise ConfigError(
                f"the layer type {type} asks for a message that the schema does not have",
                found=f'param="{param}"',
                fix=f'Leave it out: the layer finds the words as self.unknown["{param}"].')
        whose = dialect or (ORIGINAL if own else PLUG_IN)
        entry = Entry(type, cls, v1, v0, param, aliases, whose)
        for name in (type, *aliases):
            others = tuple(other for other in _entries.get(name, ())
                           if (other.cls.__module__, other.cls.__qualname__)
                           != (cls.__module__, cls.__qualname__))  # loaded anew
            known = [other for other in (entry, *others) if _told_by_words(other)]
            if len(known) < len(others) or any(other.dialect == whose for other in others):
                raise ConfigError(
                    f"the layer type {name} is registered twice",
                    found=f"{_home(others[0].cls)} and {_home(cls)}",
                    fix="Rename one of them.",
                )
            _entries[name] = tuple(sorted((entry, *others), key=lambda e: not _told_by_words(e)))
        cls.type = type
        cls.param_field = param
        if not own:
            cls.foreign = True
            if "on_host" not in vars(cls):
                cls.on_host = True
        return cls

    return enter


@contextlib.contextmanager
def all_or_nothing(module: str) -> Iterator[None]:
    """Around loading a module anew: what it registered before is forgotten, and if it fails all is
    as it was."""
    before = dict(_entries)
    for name, found in before.items():
        _entries[name] = tuple(entry for entry in found if entry.cls.__module__ != module)
        if not _entries[name]:
            del _entries[name]
    try:
        yield
    except BaseException:
        _entries.clear()
        _entries.update(before)
        raise


def of_module(module: str) -> list[Entry]:
    """What a module has registered."""
    return [entry for entry in entries() if entry.cls.__module__ == module]


def _home(cls: type) -> str:
    """Where a class was written: its module, or the file that a plug-in is."""
    module = sys.modules.get(cls.__module__)
    if module and module.__file__ and cls.__module__.startswith(PLUG_IN_MODULES):
        return module.__file__
    return cls.__module__


def _told_by_words(entry: Entry) -> bool:
    return any("speaks" in vars(cls) for cls in entry.cls.__mro__[:-1]
               if cls.__name__ != "Traits")


def discover() -> None:
    """Import every module of caffepy.layers and every plug-in, once."""
    global _discovered
    if _discovered:
        return
    for name in _modules():
        importlib.import_module(name)
    for point in _plug_ins():
        where = f"plug-in {point.name}" + (f" of package {point.dist.name}" if point.dist else "")
        try:
            point.load()
        except CaffeError as error:
            raise error.at(where) from error
        except Exception as error:
            raise ConfigError(f"it cannot be loaded: {type(error).__name__}: {error}", where=where,
                              found=point.value, fix="Mend it, or uninstall it.") from error
    _discovered = True  # only now: a module that fails to import must fail every look-up


def _look_up(type: str) -> None:
    """Import what registers a type, if anything does."""
    if _discovered or type in _sought:
        return
    word = _plain(type)
    named = [name for name in _modules() if _plain(name.rpartition(".")[2]).startswith(word)]
    if not word or not named or _plug_ins():
        discover()
        return
    for name in named:
        importlib.import_module(name)
    if type in _entries:
        _sought.add(type)
    else:
        discover()


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


@functools.cache
def _modules() -> tuple[str, ...]:
    package = importlib.import_module(LAYERS_PACKAGE)
    return tuple(module.name for module in pkgutil.walk_packages(
        package.__path__, LAYERS_PACKAGE + "."))


@functools.cache
def _plug_ins() -> tuple[importlib.metadata.EntryPoint, ...]:
    return tuple(importlib.metadata.entry_points(group=ENTRY_POINTS))


def entries() -> list[Entry]:
    """All that is registered, sorted by type, each once; the original's before forks'."""
    discover()
    return sorted({entry for found in _entries.values() for entry in found},
                  key=lambda entry: (entry.type, entry.dialect != ORIGINAL, entry.dialect))


def namesakes() -> dict[str, tuple[Entry, ...]]:
    """The entries of each name that several types have, in the order in which they are asked
    whether a layer is theirs; the last is meant where no other is."""
    discover()
    return {name: found for name, found in sorted(_entries.items()) if len(found) > 1}


def types() -> list[str]:
    """The names of all layer types, sorted."""
    return list(dict.fromkeys(entry.type for entry in entries()))


def get(type: str, spec: Any = None) -> Entry:
    """The entry of a layer type (or of a fork's alias for it).

    Args:
        spec: the LayerParameter, by whose words two forks' types of one name are told apart;
            without it the one that is meant where no words tell.

    Raises:
        ConfigError: nobody registered that type; the message says what to write instead.
    """
    _look_up(type)
    if not type:
        raise ConfigError("the layer has no type", fix='Add one: type: "ReLU".')
    if type not in _entries:
        raise ConfigError(f"Unknown layer type: {type}", fix=_unknown_fix(type))
    *told, last = _entries[type]
    if spec is not None:
        for entry in told:
            if entry.cls.speaks(spec):
                return entry
    return last


def of(spec: Any) -> Entry:
    """A layer's entry, by its type and, where forks differ, by its words. Raises as ``get``."""
    return get(spec.type, spec)


def _unknown_fix(type: str) -> str:
    from caffepy.proto import hints  # late, as all that errors alone need

    return hints.layer_type(type, names())


def names() -> TypeNames:
    """All names of all types, for errors."""
    from caffepy.proto.type_names import TypeNames

    known = entries()
    return TypeNames({name: found[-1].param for name, found in _entries.items()},
                     {entry.v1: entry.type for entry in known if entry.v1},
                     {entry.v0: entry.type for entry in known if entry.v0},
                     frozenset(name for name, found in _entries.items()
                               if any(entry.cls.foreign for entry in found)))


def known(type: str) -> bool:
    """Whether somebody registered that layer type."""
    _look_up(type)
    return type in _entries


def from_v1(name: str) -> str | None:
    """The type that V1's enum calls ``name`` (``"CONVOLUTION"`` gives ``"Convolution"``)."""
    return next((entry.type for entry in entries() if entry.v1 == name), None)
