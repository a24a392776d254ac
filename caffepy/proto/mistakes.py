"""All that is wrong in one prototxt, told at once: each word with its place and its cure.

The first is told as if it were alone, with its line and a caret; the others follow as a list:

    deploy.prototxt:35:3: Unknown layer type: Permute, with permute_param, 6 times. Permute is a ...
      type: "Permute"
      ^
    and 2 more:
      88:9     unknown field "ceil_mode" in pooling_param, 39 times. ceil_mode is a word of ...
      190:3    expected true or false (found yes). Write true.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2, forks
from caffepy.proto.hints import (
    ELSEWHERE,
    NOBODYS,
    NOT_YET,
    STRANGE,
    Place,
    layer_type,
)
from caffepy.proto.lexer import Lexer, PrototxtError
from caffepy.proto.reading import Reading
from caffepy.proto.type_names import TypeNames

MOST = 20  # that are listed; of what stands in many places one place is enough
WIDTH = 100
INDENT = 11
OWNER = re.compile(r" \([\w.-]+/[\w.-]+\)")
OLD_TYPE = caffe_pb2.V1LayerParameter.DESCRIPTOR.fields_by_name["type"].full_name
WRITE_IT = (
    "A missing layer can be written in Python: -plugin FILE.py loads it (docs/contributing.md).")
MOST_COLLECTED = 5000  # then a file is no prototxt, and reading stops


@dataclass
class Mistake:
    """Something wrong that does not keep the rest from being read.

    Attributes:
        at: where it is in the text.
        message, found, allowed: as an error has them.
        fix: says what to do; if it is to be worked out, it is once the whole file is known.
        key: mistakes of the same key, in layers of the same type, are one, seen many times.
        place: the blocks around it.
        word: the unknown field, or "".
        within: where the unknown field stands in its layer, as UnknownWord has it.
    """

    at: int
    message: str
    fix: str | Callable[[TypeNames], str | None] | None
    key: tuple[Any, ...]
    place: Place
    found: object = None
    allowed: object = None
    word: str = ""
    within: str = ""
    times: int = 1

    def error(self, lexer: Lexer, names: TypeNames) -> PrototxtError:
        """As an error, with place, line and caret."""
        message = self.message if self.times == 1 else f"{self.message}, {self.times} times"
        fix = self.fix(names) if callable(self.fix) else self.fix
        try:
            lexer.fail(message, at=self.at, found=self.found, allowed=self.allowed, fix=fix)
        except PrototxtError as error:
            return error


def refuse(parser: Reading, names: TypeNames, also: Sequence[tuple[str, CaffeError]]
           ) -> NoReturn:
    """Raise the mistakes of a file that could be read all the same, and ``also``, as report."""
    raise report(parser, names, also=also)


def report(parser: Reading, names: TypeNames, fatal: PrototxtError | None = None,
           also: Sequence[tuple[str, CaffeError]] = ()) -> PrototxtError:
    """The error that tells all mistakes of a file.

    Args:
        names: what layer types there are.
        fatal: what ended the reading.
        also: what else is wrong with the net, each with its place in a list.
    """
    if not parser.mistakes and fatal is not None:
        return fatal
    found = grouped(_with_types(parser, names), names)
    first = found[0].error(parser, names)
    if first.fix and ELSEWHERE in first.fix and len(found) > 1:
        return first  # all words of another kind of file would follow
    rest = [mistake.error(parser, names) for mistake in found[1:MOST]]
    if fatal is not None:
        rest.append(fatal)
    start = len(parser.name) + 1
    places = [((error.where or "")[start:], error) for error in rest]
    if listed := [*places, *also]:
        lines = listing(listed, str(first), left_out=len(found[MOST:]))
        first.snippet += f"\n{lines}"
    if any(is_missing(error) for error in (first, *rest)):
        first.snippet += f"\n{WRITE_IT}"
    return first


def is_missing(error: CaffeError) -> bool:
    """Whether it says that a layer is one of a fork, or nobody's, that is not here."""
    return "layer type" in error.message and any(
        words in (error.fix or "") for words in (NOT_YET, NOBODYS, STRANGE))


def is_type(mistake: Mistake) -> bool:
    """Whether it is about a layer's type that nobody knows."""
    return mistake.key[0] == "type" or mistake.key[:2] == ("value", OLD_TYPE)


def grouped(mistakes: Iterable[Mistake], names: TypeNames) -> list[Mistake]:
    """Each mistake once, where it is first made, with its count; in the file's order."""
    seen: dict[Any, Mistake] = {}
    for mistake in sorted(mistakes, key=lambda mistake: mistake.at):
        layer = mistake.place.layer
        key = (*mistake.key, names.of(layer) if layer is not None else "")
        first = seen.setdefault(key, mistake)
        if first is not mistake:
            first.times += 1
    return list(seen.values())


def _with_types(parser: Reading, names: TypeNames) -> list[Mistake]:
    """The mistakes, and the layers of unknown type, each with its own settings in one mistake."""
    mistakes = list(parser.mistakes)
    unknown = {id(mistake.place.message): mistake for mistake in mistakes if is_type(mistake)}
    for layer, at in parser.layers:
        if isinstance(layer, caffe_pb2.LayerParameter) and layer.type and (
                layer.type not in names.params if names.params else forks.find(layer.type)):
            unknown[id(layer)] = Mistake(
                at, f"Unknown layer type: {layer.type}", partial(layer_type, layer.type),
                ("type",), Place(("layer",), (layer,)))
    settings: dict[str, dict[str, int]] = {}
    kept = []
    for mistake in mistakes:
        layer = unknown.get(id(mistake.place.message))
        if layer is None or not mistake.word.endswith("_param"):
            kept.append(mistake)
        else:
            settings.setdefault(layer.message, {}).setdefault(
                mistake.word, parser.line_at(mistake.at))
    for layer in unknown.values():
        if words := settings.get(layer.message):
            told = (f"{word} (line {line})" for word, line in words.items())
            layer.message += f", with {', '.join(told)}"
    return kept + [layer for layer in unknown.values() if layer.key[0] == "type"]


def listing(errors: Sequence[tuple[str, CaffeError]], told: str = "", left_out: int = 0) -> str:
    """The lines for all mistakes but the first: a place, and what is to be said there.

    Args:
        errors: each place, and an error whose ``where`` is not told again.
        told: what was told before; whose fork it is, is not said twice at length.
        left_out: how many more there are.
    """
    lines = [f"and {len(errors) + left_out} more:"]
    for place, error in errors:
        text = str(CaffeError(error.message, found=error.found, allowed=error.allowed,
                              fix=error.fix))
        for owner in OWNER.findall(told):
            text = text.replace(owner, "")
        told += text
        begin = f"  {place}  ".ljust(INDENT)
        lines += textwrap.wrap(text, WIDTH, initial_indent=begin, subsequent_indent=" " * INDENT,
                               break_long_words=False, break_on_hyphens=False)
    if left_out:
        lines.append(f"  ...and {left_out} that are not shown.")
    return "\n".join(lines)
