"""Words of forks in a message: which are given, and whose they are.

    for word in given(layer.convolution_param, "convolution_param"):
        word.path        # "convolution_param.hole", or "loss_param.normalization=PRE_FIXED"
        word.whose       # "DeepLab v1: dilation, once or for height and width"

A word is a field or an enum value with a number from 50000 up. Whose it is stands in the schema,
as a comment; it is looked up there when it is asked for, which is hardly ever.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from caffepy.proto.descriptors import is_repeated

FIRST = 50000
LINE = re.compile(r"(?:\w+\s+[\w.]+\s+)?(\w+) = \d+\b")
BLOCK = re.compile(r"(?:message|enum) (\w+) \{(.*)")


@dataclass(frozen=True)
class Word:
    """A word that a message has.

    Attributes:
        path: the names of the fields it lies in, and its own, with dots; an enum value is
            ``path=VALUE``.
        name: its own name, as the text has it.
        owner: where it is declared: ``"ConvolutionParameter.hole"``.
        value: what the field was given, if that is one number or word.
    """

    path: str
    name: str
    owner: str
    value: str = ""

    @property
    def whose(self) -> str:
        """What the schema says of it, in one line, or ""."""
        return comments().get(self.owner, "")


def given(message: Message, path: str = "", skip: tuple[str, ...] = ()) -> Iterator[Word]:
    """The words that are given in a message, but for the fields to skip, and in those within it."""
    for field, value in message.ListFields():
        if field.name in skip:
            continue
        place = f"{path}.{field.name}" if path else field.name
        if field.number >= FIRST:
            yield Word(place, field.name, f"{field.containing_type.name}.{field.name}",
                       _shown(field, value))
        if field.message_type is not None:
            for inner in value if is_repeated(field) else (value,):
                yield from given(inner, place)
        elif field.enum_type is not None:
            yield from _values(field, value, place)


def _values(field: FieldDescriptor, value: Any, place: str) -> Iterator[Word]:
    for number in value if is_repeated(field) else (value,):
        if number >= FIRST:
            name = field.enum_type.values_by_number[number].name
            yield Word(f"{place}={name}", name, f"{_within(field.enum_type)}.{name}")


def _shown(field: FieldDescriptor, value: Any) -> str:
    one = value[0] if is_repeated(field) and len(value) == 1 else value
    if isinstance(one, bool):
        return str(one).lower()
    return f"{one:g}" if isinstance(one, (int, float)) and field.enum_type is None else ""


def _within(enum: EnumDescriptor) -> str:
    outer = enum.containing_type
    return f"{outer.name}.{enum.name}" if outer else enum.name


@cache
def comments() -> dict[str, str]:
    """The comment of each field, enum value and message of caffe.proto, by ``Message.field``,
    ``Message.Enum.VALUE`` and ``Message``.

    A comment holds for the lines below it, up to the next comment or empty line; a field without
    one has its message's.
    """
    source = (pkgutil.get_data(__package__, "caffe.proto") or b"").decode()
    found: dict[str, str] = {}
    blocks: list[str] = []
    comment: list[str] = []
    fresh = False  # the comment goes on
    for line in map(str.strip, source.splitlines()):
        if line.startswith("//"):
            comment = [*comment, line[2:].strip()] if fresh else [line[2:].strip()]
            fresh = True
            continue
        fresh = False
        said = " ".join(comment).rstrip(".")
        if block := BLOCK.match(line):
            blocks.append(block[1])
            found[".".join(blocks)] = said or found.get(".".join(blocks[:-1]), "")
            for name in LINE.findall(block[2]):
                found[f"{'.'.join(blocks)}.{name}"] = found[".".join(blocks)]
            if block[2].endswith("}"):
                blocks.pop()
            comment = []
        elif line == "}":
            blocks.pop()
            comment = []
        elif not line:
            comment = []
        elif match := LINE.match(line):
            within = ".".join(blocks)
            found[f"{within}.{match[1]}"] = said or found.get(within, "")
    return found
