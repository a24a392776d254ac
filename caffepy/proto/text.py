"""Prototxt in and out: protobuf's text format as Caffe's files use it.

    net = caffe_pb2.NetParameter()
    source = text.read("lenet.prototxt", net)
    source.where("conv1")           # "lenet.prototxt:12"
    print(text.to_text(net))

The grammar is that of the original's parser. Errors name file, line and column, show the line with
a caret under the token that is wrong, and suggest the nearest name that would be right:

    lenet.prototxt:14:5: unknown field "kernal_size" in convolution_param. Did you mean kernel_size?
        kernal_size: 5
        ^
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import NoReturn

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from caffepy.errors import ConfigError, did_you_mean
from caffepy.proto import caffe_pb2, files, paths, textfile
from caffepy.proto.descriptors import is_repeated, is_required
from caffepy.proto.escapes import PATHS
from caffepy.proto.lexer import Lexer, PrototxtError
from caffepy.proto.printer import to_text

__all__ = ["PrototxtError", "Source", "parse", "read", "to_text"]

CLOSING = {"{": "}", "<": ">"}
FILE_KINDS = {"NetParameter": "a net", "SolverParameter": "a solver"}
FAVOURITES = ("param", "convolution_param", "pooling_param", "inner_product_param")


@dataclass
class Source:
    """Where a message came from, for errors found after parsing.

    Attributes:
        path: the file, or the name that ``parse`` was given.
        lines: for each layer name the lines of its blocks.
    """

    path: str
    lines: dict[str, list[int]] = field(default_factory=dict)

    def line_of(self, layer_name: str) -> int | None:
        """The line on which the (first) layer of that name begins."""
        return self.lines.get(layer_name, [None])[0]

    def where(self, layer_name: str) -> str:
        """``"net.prototxt:12"``, or the file alone if the layer is not written there."""
        line = self.line_of(layer_name)
        return self.path if line is None else f"{self.path}:{line}"


def read(path: str | os.PathLike[str], message: Message) -> Source:
    """Parse a prototxt file into ``message``.

    Raises:
        NotFound: no such file.
        ConfigError: it does not parse, or it is empty, or no text at all.
    """
    place = os.fspath(path)
    with files.mapped(place) as data:
        if other := files.stranger(data):
            raise ConfigError("this is no prototxt", where=place, found=other[0], fix=other[1])
        textfile.refuse_wide(bytes(data[: textfile.LOOKED_AT]), place)
        kind = files.sniff_bytes(data)
        content = bytes(data) if kind in ("prototxt", "unknown") else b""
    if kind not in ("prototxt", "unknown") or _is_binary(content):
        named = "binary" if kind == "unknown" else kind
        raise ConfigError(
            f"this is a {named} file, not a prototxt", where=place, fix="Was another file meant?"
        )
    written = textfile.as_text(content, place)
    if not written.strip():
        raise ConfigError("the file is empty", where=place)
    return parse(written, message, name=place)


def _is_binary(content: bytes) -> bool:
    """More than a stray byte is no text; a stray one gets an error at its place."""
    if files.wide_encoding(content):
        return False
    return len(files.NOT_TEXT.findall(content)) > len(content) / 20


def parse(text: str | bytes, message: Message, *, name: str = "<string>") -> Source:
    """Parse prototxt into ``message``, which is cleared first.

    Raises:
        PrototxtError: the text breaks the grammar, or names what the schema does not have.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")  # comments may be in any encoding
    message.Clear()
    parser = _Parser(text, name)
    parser.fields(message, until="")
    return parser.source


class _Parser(Lexer):
    """Fills a message; the schema says what may come where, and how deep."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text, name)
        self.source = Source(name)

    def fields(self, message: Message, until: str, opened: int = 0) -> None:
        """Fields up to the closing symbol (or the end of the text, for ``until=""``).

        Args:
            opened: where the block begins.
        """
        descriptor = message.DESCRIPTOR
        seen: dict[str, int] = {}
        while not (self.kind == "end" or self.kind == "symbol" and self.token in "}>"):
            self.one_field(message, descriptor, seen)
            self.take(",", ";")
        if self.token != until:
            if self.kind == "end":
                begun = f"the block of {self.within}, begun on line {self.line_at(opened)},"
                self.fail(f"{begun} is not closed", fix=f'Add "{until}".')
            wanted = f'expected "{until}"' if until else "nothing is open that this could close"
            self.fail(wanted, found=f'"{self.token}"')
        for name, offset in seen.items():
            self.check_required(message, descriptor, name, offset)

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
            self.fail(f"{name} must say {' and '.join(missing)}", at=at)

    def one_field(self, message: Message, descriptor: Descriptor, seen: dict[str, int]) -> None:
        if self.kind != "name":
            fix = None
            if self.kind == "number" and self.text[self.start - 1 : self.start] == ",":
                fix = "A number has no comma in it."
            elif self.kind == "string":
                fix = "Names of fields stand without quotes."
            self.fail("expected the name of a field", found=self.found(), fix=fix)
        name, at = self.token, self.start
        known = descriptor.fields_by_name.get(name)
        if known is None:
            self.unknown_field(name, descriptor)
        if name in seen and not is_repeated(known):
            self.fail(f"{name} is given twice; the first is on line {self.line_at(seen[name])}")
        seen.setdefault(name, at)
        self.next()
        colon = self.take(":")
        if known.message_type is None and not colon:
            self.fail(f'expected ":" after {name}', found=self.found())
        if not self.take("["):
            self.value(message, known, at)
            return
        if not is_repeated(known):
            self.fail(f"{name} is one value, not a list", at=at)
        while not self.take("]"):
            self.value(message, known, self.start)
            if not self.take(",") and self.token != "]":
                self.fail('expected "," or "]"', found=self.found())

    def value(self, message: Message, known: FieldDescriptor, at: int) -> None:
        if known.message_type is not None:
            self.fill(message, known, at)
            return
        offset = self.start
        value = self.scalar(known)
        try:
            if known.name in PATHS:
                paths.set_path(message, known.name, value)
            elif is_repeated(known):
                getattr(message, known.name).append(value)
            else:
                setattr(message, known.name, value)
        except (ValueError, UnicodeError):  # a string with bytes that are not UTF-8
            self.fail(f"{known.name} is not UTF-8 text", at=offset, fix="Save the file as UTF-8.")

    def fill(self, message: Message, known: FieldDescriptor, at: int) -> None:
        symbol = self.take(*CLOSING)
        if not symbol:
            self.fail(f'expected "{{" after {known.name}', found=self.found())
        inner = getattr(message, known.name)
        if is_repeated(known):
            inner = inner.add()
        else:
            inner.SetInParent()
        around, self.within = self.within, known.name
        self.fields(inner, CLOSING[symbol], at)
        self.within = around
        self.next()
        if isinstance(inner, (caffe_pb2.LayerParameter, caffe_pb2.V1LayerParameter)):
            layer_name = inner.name or getattr(getattr(inner, "layer", None), "name", "")
            self.source.lines.setdefault(layer_name, []).append(self.line_at(at))

    def unknown_field(self, name: str, descriptor: Descriptor) -> NoReturn:
        """Say where the name would be right: near by, one block deeper, or in a block around."""
        place = self.within or FILE_KINDS.get(descriptor.name, descriptor.name)
        deeper = [
            f.name
            for f in descriptor.fields
            if f.message_type is not None and name in f.message_type.fields_by_name
        ]
        other = FILE_KINDS.get(_holder(name)) if descriptor.name in FILE_KINDS else None
        fix = did_you_mean(name, descriptor.fields_by_name)
        if fix and name.lower() in (field.lower() for field in descriptor.fields_by_name):
            pass  # only the case differs
        elif name in ("layer", "layers") and self.within:
            fix = 'Is a "}" missing above?'
        elif other:
            fix = f"It belongs to {other}: was another file meant?"
        elif deeper:
            deeper.sort(key=lambda block: block not in FAVOURITES)
            fix = f"It belongs in {' or '.join(deeper[:4])}."
        elif not fix and name in caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name:
            fix = 'It belongs to a layer: is a "}" missing above, or one too many?'
        self.fail(f'unknown field "{name}" in {place}', fix=fix)


def _holder(name: str) -> str:
    """Which message of a whole file has a field of that name, or ""."""
    kinds = (getattr(caffe_pb2, kind).DESCRIPTOR for kind in FILE_KINDS)
    return next((kind.name for kind in kinds if name in kind.fields_by_name), "")
