"""What varies between the runs of a sweep.

    base_lr=0.001,0.01                                      a field of the solver
    stepvalue=100:200,300                                   a repeated one: 100 and 200, or 300
    net=small.prototxt,large.prototxt                       the net itself
    net.layer.conv1.convolution_param.num_output=20,50      a field of the net; the layer by name
    net.layer.conv1.param.0.lr_mult=1,2                     elements of lists by number, from 0

Of several layers of one name (one for each phase) all get the value; a number in the place of the
name means one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from caffepy.errors import ConfigError, did_you_mean
from caffepy.proto import text
from caffepy.proto.descriptors import is_repeated

OF_NET = "net."  # what a field of the net begins with
STRINGS = (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)


@dataclass(frozen=True)
class Vary:
    """A field and its values, as they were given."""

    path: str
    values: tuple[str, ...]

    @staticmethod
    def parse(given: str) -> Vary:
        """``field=value,value``.

        Raises:
            ConfigError: it is not of that form.
        """
        path, equals, rest = given.partition("=")
        values = tuple(word for part in rest.split(",") if (word := part.strip()))
        if not equals or not path.strip() or not values:
            raise ConfigError("what varies is given as FIELD=VALUE,VALUE,...", where="flag 'vary'",
                              found=given, fix="Such as -vary base_lr=0.001,0.01.")
        if len(set(values)) < len(values):
            raise ConfigError("a value is given twice", where="flag 'vary'", found=given)
        return Vary(path.strip(), values)


def assign(message: Any, path: str, value: str) -> None:
    """Give a field of a solver, or one of its net (``net.FIELD``), a value.

    Args:
        message: the SolverParameter, or the NetParameter for a path that begins with ``net.``.
        path: the field, and those of the messages around it, with points between them.

    Raises:
        ConfigError: there is no such field, element or layer, or the value is none for it.
    """
    words = path.removeprefix(OF_NET).split(".")
    _assign(message, words, value, f"-vary {path}={value}")


def _assign(message: Any, words: list[str], value: str, where: str) -> None:
    found = _list(message, words)
    if found is None:
        _put(message, words, value, where)
        return
    depth, holder = found
    name, rest = words[depth], words[depth + 1 :]
    for item, left in _chosen(getattr(holder, name), name, rest, where):
        _assign(item, left, value, where)


def _list(message: Any, words: list[str]) -> tuple[int, Any] | None:
    """Where the path comes to a list of messages; None if it does not."""
    for depth, word in enumerate(words[:-1]):
        field = message.DESCRIPTOR.fields_by_name.get(word)
        if field is None or field.message_type is None:
            return None
        if is_repeated(field):
            return depth, message
        message = getattr(message, word)
    return None


def _chosen(items: Any, name: str, rest: list[str], where: str) -> list[tuple[Any, list[str]]]:
    """The elements of a list that the next words mean, and the words after these."""
    if rest[0].isdigit() and len(rest) > 1:
        number = int(rest[0])
        if number == len(items):
            items.add()
        if number >= len(items):
            raise ConfigError(f"{name} has no element {number}", where=where,
                              found=f"{len(items)} of them, counted from 0")
        return [(items[number], rest[1:])]
    names = [getattr(item, "name", "") for item in items]
    for length in range(1, len(rest)):  # a name may have points
        word = ".".join(rest[:length])
        if word in names:
            return [(item, rest[length:]) for item in items if item.name == word]
    known = list(dict.fromkeys(filter(None, names)))
    if ".".join(rest) in known:
        raise ConfigError(f"which field of the {name} varies?", where=where,
                          fix="Such as net.layer.conv1.convolution_param.num_output=20,50.")
    raise ConfigError(f"there is no {name} of that name", where=where, found=rest[0],
                      allowed=", ".join(known) or "numbers from 0",
                      fix=did_you_mean(rest[0], known))


def _put(message: Any, words: list[str], value: str, where: str) -> None:
    """A path without lists: read as prototxt, so that mistakes are told as in a file."""
    *outer, last = words
    leaf = _leaf(message.DESCRIPTOR, words)
    several = leaf is not None and is_repeated(leaf)
    values = value.split(":") if several else [value]
    if leaf is not None and leaf.type in STRINGS:
        values = [one if one[:1] in "\"'" else f'"{one}"' for one in values]
    written = " ".join(f"{last}: {one}" for one in values)
    for word in reversed(outer):
        written = f"{word} {{ {written} }}"
    fresh = type(message)()
    text.parse(written, fresh, name=where)
    for word in outer:
        fresh, message = getattr(fresh, word), getattr(message, word)
    if several:
        del getattr(message, last)[:]
        getattr(message, last).extend(getattr(fresh, last))
    else:
        setattr(message, last, getattr(fresh, last))


def _leaf(descriptor: Any, words: list[str]) -> Any:
    """The field at the end of a path; None if there is none."""
    field = None
    for word in words:
        field = descriptor.fields_by_name.get(word) if descriptor is not None else None
        if field is None:
            return None
        descriptor = field.message_type
    return None if descriptor is not None else field
