"""Prototxt into a message: the grammar. Stepping over what is wrong is recovery's part."""

from __future__ import annotations

from typing import Any, NoReturn

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from caffepy.proto import caffe_pb2, paths
from caffepy.proto.descriptors import all_values, is_repeated, is_required
from caffepy.proto.escapes import PATHS
from caffepy.proto.lexer import PrototxtError
from caffepy.proto.recovery import CLOSING, Recovery


class Parser(Recovery):
    """Fills a message; the schema says what may come where, and how deep.

    Attributes:
        layer_lines: for each layer name the lines of its blocks.
    """

    def __init__(self, text: str, name: str, message: Message) -> None:
        super().__init__(text, name, message)
        self.layer_lines: dict[str, list[int]] = {}

    def fields(self, message: Message, until: str, opened: int = 0) -> dict[str, int]:
        """Fields up to the closing symbol (or the end of the text, for ``until=""``).

        Args:
            opened: where the block begins.

        Returns: where each field of the message is first given.
        """
        descriptor = message.DESCRIPTOR
        seen: dict[str, int] = {}
        while not (self.kind == "end" or self.kind == "symbol" and self.token in "}>"):
            self.one_field(message, descriptor, seen)
            self.take(",", ";")
        if self.token != until:
            self.not_closed(until, opened)
        for name, offset in seen.items():
            self.check_required(message, descriptor, name, offset)
        return seen

    def not_closed(self, until: str, opened: int) -> NoReturn:
        if self.kind == "end":
            begun = f"the block of {self.within}, begun on line {self.line_at(opened)},"
            self.fail(f"{begun} is not closed", fix=f'Add "{until}".')
        wanted = f'expected "{until}"' if until else "nothing is open that this could close"
        self.fail(wanted, found=f'"{self.token}"')

    def check_required(self, message: Message, outer: Descriptor, name: str, at: int) -> None:
        inner = outer.fields_by_name[name]
        if inner.message_type is None or is_repeated(inner):
            return
        missing = [
            f.name
            for f in inner.message_type.fields
            if is_required(f) and not getattr(message, name).HasField(f.name)
        ]
        if missing:
            self.note(at, f"{name} must say {' and '.join(missing)}")

    def one_field(self, message: Message, descriptor: Descriptor, seen: dict[str, int]) -> None:
        if self.kind != "name":
            self.no_name()
        name, at = self.token, self.start
        known = descriptor.fields_by_name.get(name)
        if known is None:
            self.unknown_field(name, at)
            return
        again = name in seen and not is_repeated(known)
        every = all_values(known) if again else None
        if again and every is None:
            self.given_twice(known, at, seen[name])
        seen.setdefault(name, at)
        self.next()
        colon = self.take(":")
        if known.message_type is None and not colon and not self.no_colon(known):
            return
        if self.token == "[" and self.no_list(known, at):
            return
        if not self.take("["):
            self.another(message, known, every, at)
            return
        every = None if is_repeated(known) else all_values(known)
        while not self.take("]"):
            self.another(message, known, every, self.start)
            if not self.take(",") and self.token != "]":
                self.fail('expected "," or "]"', found=self.found(), fix='Is a "]" missing?')

    def another(self, message: Message, known: FieldDescriptor, every: FieldDescriptor | None,
                at: int) -> None:
        """A value, or one of several of a single field; then ``every`` keeps all of them."""
        if every is None or not message.HasField(known.name):
            self.value(message, known, at)
            return
        values = getattr(message, every.name)
        if not values:
            values.append(getattr(message, known.name))
        self.value(message, every, at)

    def value(self, message: Message, known: FieldDescriptor, at: int) -> None:
        if known.message_type is not None:
            self.fill(message, known, at)
            return
        offset = self.start
        try:
            value: Any = self.scalar(known)
        except PrototxtError as error:
            if self.text[offset : self.start].strip(" -"):
                raise  # the token after the value is none at all
            self.wrong_value(known, offset, error)
            return
        try:
            if known.name in PATHS and isinstance(value, str):
                paths.set_path(message, known.name, value)
            elif is_repeated(known):
                getattr(message, known.name).append(value)
            else:
                setattr(message, known.name, value)
        except (ValueError, UnicodeError):  # a string with bytes that are not UTF-8
            self.fail(f"{known.name} is not UTF-8 text", at=offset, fix="Save the file as UTF-8.")

    def fill(self, message: Message, known: FieldDescriptor, at: int) -> None:
        symbol = self.take("{", "<") or self.no_block(known)
        if not symbol:
            return
        inner = getattr(message, known.name)
        if is_repeated(known):
            inner = inner.add()
        else:
            inner.SetInParent()
        around, self.within = self.within, known.name
        self.blocks.append(inner)
        self.names.append(known.name)
        seen = self.fields(inner, CLOSING[symbol], at)
        self.blocks.pop()
        self.names.pop()
        self.within = around
        self.next()
        if isinstance(inner, (caffe_pb2.LayerParameter, caffe_pb2.V1LayerParameter)):
            layer_name = inner.name or getattr(getattr(inner, "layer", None), "name", "")
            self.layer_lines.setdefault(layer_name, []).append(self.line_at(at))
            self.layers.append((inner, seen.get("type", at)))
