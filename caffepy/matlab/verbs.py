"""What can be asked of a session: ``caffe_(verb, ...)``, one function a verb.

    @verb
    def net_save(table: Table, net: Net, weights_file: str) -> None:
        net.save(weights_file)

Its annotations say what it takes: a Net, Solver, Layer or Blob, which come as handles; Handles as
they come; str; float, one number; Row, whole numbers; or Array. What it returns is a value of
frames.py.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from caffepy.errors import CaffeError, ConfigError, did_you_mean
from caffepy.matlab import frames
from caffepy.matlab.handles import Table

Array = np.ndarray[Any, Any]
Row = tuple[int, ...]


class Verb(NamedTuple):
    """A verb's function, and what it takes after the table."""

    name: str
    function: Callable[..., frames.Value]
    takes: dict[str, Any]

    @property
    def usage(self) -> str:
        words = "".join(f", {name}" for name in self.takes)
        return f"caffe_('{self.name}'{words})"


_verbs: dict[str, Verb] = {}

F = typing.TypeVar("F", bound=Callable[..., Any])


def verb(function: F) -> F:
    """Make a function a verb of its name."""
    name = function.__name__
    parameters = [*inspect.signature(function).parameters.values()][1:]
    hints = typing.get_type_hints(function)
    _verbs[name] = Verb(name, function, {p.name: hints[p.name] for p in parameters})
    return function


def known() -> list[str]:
    """The names of all verbs."""
    return sorted(_verbs)


def call(table: Table, name: Any, given: Sequence[frames.Value]) -> frames.Value:
    """What the verb gives for these values.

    Raises:
        ConfigError: there is no such verb, or it takes other values.
        CaffeError: what the verb raises.
    """
    if not isinstance(name, str) or name not in _verbs:
        raise ConfigError("Unknown command", where=f"caffe_('{name}', ...)",
                          fix=did_you_mean(str(name), _verbs))
    verb = _verbs[name]
    if len(given) != len(verb.takes):
        raise ConfigError(f"Usage: {verb.usage}", found=f"{len(given)} arguments after the verb")
    places: list[str] = []
    arguments = [_taken(table, places, word, kind, value)
                 for (word, kind), value in zip(verb.takes.items(), given, strict=True)]
    try:
        return verb.function(table, *arguments)
    except CaffeError as error:
        if error.where is None and places:
            raise error.at(places[0]) from error
        raise


def _taken(table: Table, places: list[str], name: str, kind: Any, value: frames.Value) -> Any:
    """A value as a function wants it. Into ``places`` go the words for what a handle is of."""
    if kind is str:
        return value if isinstance(value, str) else _refuse(name, "a string", value)
    if kind is float:
        one = isinstance(value, np.ndarray) and value.size == 1
        return float(value.reshape(-1)[0]) if one else _refuse(name, "one number", value)
    if kind == Row:
        row = isinstance(value, np.ndarray) and value.size == max(value.shape, default=0) and (
            value == np.floor(value)).all()
        return (tuple(map(int, value.reshape(-1))) if row or _empty(value)
                else _refuse(name, "a row of whole numbers", value))
    if kind == Array:
        return value if isinstance(value, np.ndarray) else _refuse(name, "numbers", value)
    if not isinstance(value, frames.Handles):
        return _refuse(name, "a handle", value)
    if kind is frames.Handles:
        return value
    entry = table.find(value, kind)
    places.append(entry.place)
    return entry.thing


def _empty(value: frames.Value) -> bool:
    return isinstance(value, np.ndarray) and not value.size


def _refuse(name: str, wanted: str, value: frames.Value) -> typing.NoReturn:
    raise ConfigError(f"{name} must be {wanted}", found=shown(value))


def shown(value: frames.Value) -> str:
    """A value in a message, in MATLAB's words."""
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, frames.Handles):
        return "a handle"
    if isinstance(value, np.ndarray):
        kind = "single" if value.dtype == np.float32 else "double"
        return f"a {kind} array of {sizes(value.shape)}"
    return "a cell or struct"


def sizes(shape: Sequence[int]) -> str:
    """A shape as MATLAB's ``size`` says it: ``227 x 227 x 3 x 10``."""
    return " x ".join(map(str, [*shape[::-1], 1, 1][: max(len(shape), 2)]))
