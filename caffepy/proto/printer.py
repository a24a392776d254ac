"""Messages as prototxt, letter by letter what the original prints."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from caffepy.proto import unknown
from caffepy.proto.descriptors import is_repeated

ALL = "_all"  # descriptors.all_values


def to_text(message: Message) -> str:
    """The message as prototxt: fields in the order of their numbers, two spaces a level."""
    return "".join(_lines(message, ""))


def _lines(message: Message, indent: str, layer: Any = None, within: str = "") -> Iterator[str]:
    """The lines of a message.

    Args:
        layer: the layer around it that has words which the schema does not know, if there is one.
        within: where it lies there, as UnknownWord has it.
    """
    if unknown.FIELD in message.DESCRIPTOR.fields_by_name and message.unknown_word:
        layer, within = message, ""
    for field, value in message.ListFields():
        name = field.name
        if name == unknown.FIELD:
            continue
        if name.endswith(ALL):  # the first value stands under the single field's own number
            name, value = name.removesuffix(ALL), value[1:]
        for i, item in enumerate(value if is_repeated(field) else (value,)):
            if field.message_type is None:
                yield f"{indent}{name}: {_scalar(field, item)}\n"
            else:
                yield f"{indent}{field.name} {{\n"
                place = f"{within}.{name}.{i}" if is_repeated(field) else f"{within}.{name}"
                yield from _lines(item, indent + "  ", layer, place.lstrip("."))
                yield f"{indent}}}\n"
    if layer is not None:
        yield from unknown.printed(layer, within, indent)


def _scalar(field: FieldDescriptor, value: Any) -> str:
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        named = field.enum_type.values_by_number.get(value)
        return named.name if named else str(value)
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return unknown.quoted(value.encode() if isinstance(value, str) else value)
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return "true" if value else "false"
    if kind == FieldDescriptor.CPPTYPE_FLOAT:
        return float_text(value)
    if kind == FieldDescriptor.CPPTYPE_DOUBLE:
        return f"{value:.15g}" if float(f"{value:.15g}") == value else f"{value:.17g}"
    return str(value)


def float_text(value: float) -> str:
    """A float32 in six digits, or in the fewest more that give the same float32 back."""
    for digits in (6, 7, 8):
        text = f"{value:.{digits}g}"
        if value != value or struct.pack("f", float(text)) == struct.pack("f", value):
            return text
    return f"{value:.9g}"

