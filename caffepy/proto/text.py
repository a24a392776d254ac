"""Prototxt in and out: protobuf's text format as Caffe's files use it.

    net = caffe_pb2.NetParameter()
    source = text.read("lenet.prototxt", net)
    source.where("conv1")           # "lenet.prototxt:12"
    print(text.to_text(net))

The grammar is that of the original's parser. Errors name file, line and column, show the line with
a caret under the token that is wrong, and say what to write instead (hints):

    lenet.prototxt:14:5: unknown field "kernal_size" in convolution_param. Did you mean kernel_size?
        kernal_size: 5
        ^

What does not keep the rest from being read (an unknown word, a value of another kind) is told all
at once, at the end of the file (mistakes); what breaks the grammar ends the reading.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from google.protobuf.message import Message

from caffepy.errors import ConfigError
from caffepy.proto import files, textfile
from caffepy.proto.lexer import PrototxtError
from caffepy.proto.parser import Parser
from caffepy.proto.printer import to_text

if TYPE_CHECKING:
    from caffepy.proto.type_names import TypeNames

__all__ = ["PrototxtError", "Source", "parse", "read", "to_text"]


@dataclass
class Source:
    """Where a message came from, for errors found after parsing.

    Attributes:
        path: the file, or the name that ``parse`` was given.
        lines: for each layer name the lines of its blocks.
        unknown: raises, when called, the error for all layers of types that nobody knows and for
            their words (set_aside), beside the mistakes that it is given, each with its place in a
            list. None if there is none.
    """

    path: str
    lines: dict[str, list[int]] = field(default_factory=dict)
    unknown: Callable[..., NoReturn] | None = field(default=None, repr=False)

    def line_of(self, layer_name: str) -> int | None:
        """The line on which the (first) layer of that name begins."""
        return self.lines.get(layer_name, [None])[0]

    def where(self, layer_name: str) -> str:
        """``"net.prototxt:12"``, or the file alone if the layer is not written there."""
        line = self.line_of(layer_name)
        return self.path if line is None else f"{self.path}:{line}"


def read(path: str | os.PathLike[str], message: Message,
         types: Callable[[], TypeNames] | None = None) -> Source:
    """Parse a prototxt file into ``message``.

    Args:
        types: as for ``parse``.

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
    return parse(written, message, name=place, types=types)


def _is_binary(content: bytes) -> bool:
    """More than a stray byte is no text; a stray one gets an error at its place."""
    if files.wide_encoding(content):
        return False
    return len(files.NOT_TEXT.findall(content)) > len(content) / 20


def parse(text: str | bytes, message: Message, *, name: str = "<string>",
          types: Callable[[], TypeNames] | None = None) -> Source:
    """Parse prototxt into ``message``, which is cleared first.

    Args:
        types: says what layer types there are; called if something is wrong, so that the error can
            also name layers of unknown type. (A type is no word of the schema.) Layers of plug-ins,
            and of types that nobody knows, may then have words of their own (set_aside).

    Raises:
        PrototxtError: the text breaks the grammar, or names what the schema does not have.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")  # comments may be in any encoding
    message.Clear()
    parser = Parser(text, name, message)
    parser.run(types)
    return Source(name, parser.layer_lines, parser.unknown)
