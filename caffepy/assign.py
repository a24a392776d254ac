"""Python values put into the fields of messages, as net_spec's settings are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from caffepy.errors import ConfigError, did_you_mean
from caffepy.proto.descriptors import is_repeated

Value = Any  # what a field takes: number, string, dict, message, or a sequence of these


class UnknownName(ConfigError, AttributeError, KeyError):
    """A layer type, parameter or blob that there is not.

    An AttributeError too, so that ``hasattr`` answers, and a KeyError, which pycaffe raised.
    """


def unknown_field(name: str, known: Iterable[str], where: str | None = None) -> UnknownName:
    return UnknownName(f"there is no setting {name}", where=where,
                       fix=did_you_mean(name, known) or f"There are {', '.join(known)}.")


def assign_proto(proto: Any, name: str, val: Value) -> None:
    """Put a Python value into a message's field.

    Dicts become messages and sequences repeated fields; a repeated field takes a single value as
    a list of one. An enum takes its number or its name, a message also a message.

    Raises:
        UnknownName: no such field, or no such value of an enum.
        ConfigError: the value is of another kind than the field.
    """
    fields = proto.DESCRIPTOR.fields_by_name
    if name not in fields:
        raise unknown_field(name, fields, proto.DESCRIPTOR.name)
    field = fields[name]
    values = val if isinstance(val, (list, tuple, np.ndarray)) else [val]
    if is_repeated(field):
        target = getattr(proto, name)
        for item in values:
            if field.message_type is None:
                _try(field, item, target.append)
            else:
                _fill(target.add(), item, name)
    elif field.message_type is not None:
        _fill(getattr(proto, name), val, name)
    else:
        _try(field, val, lambda value: setattr(proto, name, value))


def _fill(message: Any, value: Value, name: str) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            assign_proto(message, key, item)
    elif getattr(value, "DESCRIPTOR", None) is message.DESCRIPTOR:
        message.CopyFrom(value)
    else:
        raise ConfigError(f"{name} takes the settings of a {message.DESCRIPTOR.name}",
                          found=repr(value), allowed=f"{name}=dict(...)")


def _try(field: Any, value: Value, put: Callable[[Any], None]) -> None:
    if field.enum_type is not None and isinstance(value, str):
        numbers = field.enum_type.values_by_name
        if value not in numbers:
            raise UnknownName(f"{field.name} has no value {value}", allowed=", ".join(numbers),
                              fix=did_you_mean(value, numbers))
        value = numbers[value].number
    if isinstance(value, np.generic):
        value = value.item()
    try:
        put(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the value does not fit the field {field.name}: {error}",
                          found=repr(value)) from None
