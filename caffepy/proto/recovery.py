"""Going on after a mistake in a prototxt, so that one error tells all of them.

A mistake is noted and stepped over: an unknown field with its value or block, a value of another
kind. What leaves open where the next field begins ends the reading: a brace too few, a string
without an end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from caffepy.proto import caffe_pb2
from caffepy.proto.descriptors import all_values, is_repeated
from caffepy.proto.lexer import PrototxtError
from caffepy.proto.reading import Reading

if TYPE_CHECKING:
    from caffepy.proto.hints import Place
    from caffepy.proto.type_names import TypeNames

CLOSING = {"{": "}", "<": ">", "[": "]"}
WORD = re.compile(r"[^\s{}<>;,\[\]#]+")
VALUES_AHEAD = re.compile(r"\s*[^\s{<\]]")  # of another kind than blocks
DIVIDEND, DIVISOR = re.compile(r"(\d+\.?\d*)\s*$"), re.compile(r"/\s*(\d+\.?\d*)")
SINGLE = re.compile(r"[{<]\s*[^\s{}<>:]+\s*[}>]")  # a block with one word in it
QUOTES = ('"', "'")
FIELD_AHEAD = re.compile(r"\s*[:{<]")
LONGEST = 60  # letters of a word that an error shows
ARITHMETIC = ("/", "*", "+", "%", "^", "(")


class Recovery(Reading):
    """A lexer that knows the blocks around its token, and keeps mistakes.

    Attributes:
        blocks, names: the messages around the token, and the fields that they are.
        mistakes: what was stepped over; ``run`` raises them.
        unknown: raises, when called, what is wrong for who builds the net: types that nobody knows
            and their words (set_aside). None if there are none.
    """

    def __init__(self, text: str, name: str, message: Message) -> None:
        super().__init__(text, name)
        self.blocks: list[Message] = [message]
        self.names: list[str] = [""]
        self.unknown: Callable[..., NoReturn] | None = None

    def fields(self, message: Message, until: str, opened: int = 0) -> dict[str, int]:
        raise NotImplementedError

    def run(self, types: Callable[[], TypeNames] | None) -> None:
        """Read all.

        Args:
            types: says what layer types there are.

        Raises:
            PrototxtError: the first mistake; it lists the others.
        """
        fatal = None
        try:
            self.fields(self.blocks[0], until="")
        except PrototxtError as error:
            if not self.mistakes:
                raise
            fatal = error
        if not self.mistakes:
            return
        from caffepy.proto import mistakes
        from caffepy.proto.set_aside import set_aside
        from caffepy.proto.type_names import TypeNames

        names = types() if types else TypeNames()
        wrong = True
        if fatal is None and types:
            try:
                wrong = set_aside(self, names)
            except PrototxtError as error:
                fatal = error
        if wrong:
            raise mistakes.report(self, names, fatal)
        if self.mistakes:
            self.unknown = partial(mistakes.refuse, self, names)

    # -- notes ----------------------------------------------------------------------------

    def place(self) -> Place:
        from caffepy.proto.hints import Place

        return Place(tuple(self.names), tuple(self.blocks))

    def within_layer(self) -> str:
        """Where the block at hand lies in its layer, as UnknownWord has it."""
        path: list[str] = []
        for outer, inner, name in zip(self.blocks, self.blocks[1:], self.names[1:], strict=False):
            if isinstance(inner, (caffe_pb2.LayerParameter, caffe_pb2.V1LayerParameter)):
                path = []
                continue
            path.append(name)
            if is_repeated(outer.DESCRIPTOR.fields_by_name[name]):
                path.append(str(len(getattr(outer, name)) - 1))
        return ".".join(path)

    def note(self, at: int, message: str, *, key: tuple[Any, ...] = (), word: str = "",
             fix: str | Callable[[TypeNames], str | None] | None = None, **details: Any) -> None:
        """Keep a mistake; see mistakes.Mistake."""
        from caffepy.proto.mistakes import MOST_COLLECTED, Mistake

        self.mistakes.append(Mistake(at, message, fix, key or (at,), self.place(), word=word,
                                     **details))
        if len(self.mistakes) >= MOST_COLLECTED:
            self.fail("so much is wrong that the rest was not read", at=at)

    def wrong_string(self, at: int, message: str, *, fix: str | None) -> None:
        self.note(at, message, fix=fix)

    def unknown_field(self, name: str, at: int) -> None:
        """Note a name that the message around does not have, and step over what it is given."""
        from caffepy.proto import hints

        place = self.place()
        message = f'unknown field "{name}" in {place.name}'
        if self.text[at - 1 : at] in QUOTES:
            self.fail(message, fix="Is a quote missing before it, or one too many?")
        if name in ("layer", "layers") and self.within:
            self.fail(message, fix='Is a "}" missing above?')
        if place.kind == "NetParameter" and name != "phase" and (
                name in caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name):
            self.fail(message, fix=hints.BRACES)
        self.next()
        value = ""
        if self.take(":") and self.token not in CLOSING:
            given = WORD.match(self.text, self.start)
            value = _shown(self.token if self.kind == "string" or not given else given.group())
            self.skip_value()
        elif self.token in CLOSING:
            self.skip_value()
        self.note(at, message, word=name, within=self.within_layer(),
                  key=("field", name, place.name),
                  fix=lambda names: hints.unknown_field(name, value, place, names))

    def given_twice(self, known: FieldDescriptor, at: int, first: int) -> None:
        size = {"kernel_size": "kernel", "stride": "stride", "pad": "pad"}.get(known.name)
        fix = "Keep one of them."
        if size and f"{size}_h" in known.containing_type.fields_by_name:
            fix = f"It is one number; for two write {size}_h and {size}_w."
        self.note(at, f"{known.name} is given twice; the first is on line {self.line_at(first)}",
                  fix=fix)

    def no_name(self) -> NoReturn:
        fix = None
        if self.token in ARITHMETIC:
            fix = f"There is no arithmetic here: write {self.quotient() or 'the number itself'}."
        elif self.kind == "number" and self.text[: self.start].endswith(","):
            fix = "A number has no comma in it: decimals have a point, a list is in [ and ]."
        elif self.kind == "number":
            fix = "Each value needs its field's name before it, or a list in [ and ]."
        elif self.kind == "string":
            named = FIELD_AHEAD.match(self.text, self.end)
            fix = ("Names of fields stand without quotes." if named else
                   "Is the name of its field missing, or a quote too many?")
        elif self.token in ("{", "<"):
            fix = "Is the name of this block missing?"
        self.fail("expected the name of a field", found=self.found(), fix=fix)

    def quotient(self) -> str:
        """What the token "/" and the numbers around it come to."""
        above = DIVIDEND.search(self.text[max(0, self.start - 40) : self.start])
        below = DIVISOR.match(self.text, self.start)
        if not above or not below or not float(below[1]):
            return ""
        return f"{float(above[1]) / float(below[1]):.9g}"

    def no_list(self, known: FieldDescriptor, at: int) -> bool:
        """Note a list where there can be none; returns whether it was stepped over."""
        if known.message_type is not None and VALUES_AHEAD.match(self.text, self.end):
            self.wrong_value(known, self.start)
            return True
        if is_repeated(known) or all_values(known):
            return False
        self.note(at, f"{known.name} is one value, not a list",
                  fix="Take [ and ] out.")
        self.skip_value()
        return True

    def no_colon(self, known: FieldDescriptor) -> bool:
        """Note that ":" is missing; returns whether a value follows."""
        if self.token in ("{", "<"):
            self.wrong_value(known, self.start)
            return False
        equals = self.token == "="
        if not equals and (self.kind not in ("string", "number", "name")
                           or FIELD_AHEAD.match(self.text, self.end)):
            self.fail(f'expected ":" after {known.name}', found=self.found())
        at, found = self.start, self.found()
        if equals:
            self.next()
        self.note(at, f'expected ":" after {known.name}', found=found,
                  fix=f"Write {known.name}: {self.token}.")
        return True

    def no_block(self, known: FieldDescriptor) -> str:
        """Note that "{" is missing; returns the symbol that opens the block all the same."""
        if self.token != "=":
            self.wrong_value(known, self.start)
            return ""
        self.note(self.start, f'expected "{{" after {known.name}', found="=", fix="Take = out.")
        self.next()
        symbol = self.take("{", "<")
        if not symbol:
            self.wrong_value(known, self.start)
        return symbol

    def wrong_value(self, known: FieldDescriptor, at: int,
                    error: PrototxtError | None = None) -> None:
        """Note a value that its field cannot have, and step over it."""
        from caffepy.proto import value_hints

        place = self.place()
        given = WORD.match(self.text, self.start)
        word = self.token if self.kind in ("string", "end") or not given else given.group()
        if single := SINGLE.match(self.text, self.start):
            word = single.group()
        if self.token == "[":
            word = self.text[at : self.text.find("]", at) + 1]
        word = _shown(self.text[at : self.start].replace(" ", "") + word)  # a minus in front
        missing = self.kind == "end" or self.token in ("}", ">", "]") or bool(
            self.kind == "name" and FIELD_AHEAD.match(self.text, self.end))
        found = self.found() if missing or error is None else error.found
        allowed = error.allowed if error else None
        if known.message_type is not None:
            message = f'expected "{{" after {known.name}'
        elif error is None:
            message, found = f"{known.name} is one value, not a block", None
        else:
            message = error.message
            if known.cpp_type == known.CPPTYPE_STRING and not missing:
                found = word
        if known.name == "type" and place.kind == "V1LayerParameter" and not missing:
            message, found, allowed = f'unknown layer type {word} in "layers"', None, None
        said = None if error is None else error.fix
        given_word = "" if missing else word
        if isinstance(found, str):
            found = _shown(found)
        self.note(at, message, found=found, allowed=allowed, key=("value", known.full_name, word),
                  fix=lambda names: value_hints.value(known, given_word, place, names) or said)
        if not missing:
            self.skip_value()

    def skip_value(self) -> None:
        """Step over a value of any kind: strings, a word, or a block or list with all in it."""
        if self.kind == "string":
            while self.kind == "string":
                self.next()
            return
        if self.kind != "symbol" or self.token not in CLOSING:
            self.take("-")
            word = WORD.match(self.text, self.start)
            if word:
                self.end = word.end()
                self.next()
            return
        opened, closing = self.start, [""]
        while closing:
            if self.kind == "end":
                self.fail(f"what is opened on line {self.line_at(opened)} is not closed",
                          fix=f'Add "{closing[-1]}".')
            if self.kind == "symbol" and self.token in CLOSING:
                closing.append(CLOSING[self.token])
            elif self.kind == "symbol" and self.token in ("}", ">", "]"):
                if self.token != closing.pop():
                    self.fail("this closes what is not open", found=f'"{self.token}"')
            if closing == [""]:
                closing = []
            self.next()


def _shown(word: str) -> str:
    """The word as an error can show it: bytes that are no text replaced, and not too long."""
    word = word.encode("utf-8", "replace").decode()
    return word if len(word) <= LONGEST else f"{word[:LONGEST]}..."
