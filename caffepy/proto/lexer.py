"""The tokens and the values of prototxt, and the error that shows where one is wrong."""

from __future__ import annotations

import bisect
import contextlib
import math
import os
import re
from typing import Any, NoReturn

from google.protobuf.descriptor import FieldDescriptor

from caffepy import log
from caffepy.errors import ConfigError, shown
from caffepy.proto import characters, escapes

logger = log.get(__name__)

TOKEN = re.compile(
    r"""
      (?P<name>   [A-Za-z_][A-Za-z0-9_]* )
    | (?P<number> 0[xX][0-9a-fA-F]+ | (?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]? )
    | (?P<string> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
    | (?P<symbol> . )
    """,
    re.VERBOSE,
)
SKIP = re.compile(r"(?:\s+|\#[^\n]*)*")
MOST_DIGITS = 4000  # any number of so many is out of every range
INTEGER = re.compile(r"0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*")
QUOTES = ('"', "'")
TRUE, FALSE = ("true", "True", "t", "1"), ("false", "False", "f", "0")
RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(1 << 31), (1 << 31) - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(1 << 63), (1 << 63) - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, (1 << 32) - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, (1 << 64) - 1),
}
FLOATS = (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE)
MOST_ALLOWED = 12  # enum values that an error lists
SHOWN = 100  # columns of a source line that an error shows


class PrototxtError(ConfigError):
    """A prototxt that does not parse; ``str`` ends with the line and a caret under the token."""

    def __init__(self, message: str, *, snippet: str, **details: Any) -> None:
        super().__init__(message, **details)
        self.snippet = snippet

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self.snippet}"


class Lexer:
    """Walks the tokens once; ``kind``, ``token`` and ``start`` are the token at hand.

    Attributes:
        within: the field whose block the token is in, or "" outside of all.
    """

    def __init__(self, text: str, name: str) -> None:
        self.text = text.removeprefix("\ufeff")
        self.name = name
        self.within = ""
        self.newlines = [match.start() for match in re.finditer("\n", self.text)]
        self.end = 0
        self.next()

    def next(self) -> None:
        skipped = SKIP.match(self.text, self.end)
        assert skipped
        self.start = skipped.end()
        match = TOKEN.match(self.text, self.start)
        if match is None:
            self.kind, self.token, self.end = "end", "", len(self.text)
            return
        self.kind, self.token, self.end = match.lastgroup or "", match.group(), match.end()
        after = self.text[self.end : self.end + 1]
        if self.kind == "number" and (after.isalnum() or after in ("_", ".")) and after:
            self.fail(f'"{self.token}{after}..." is no number')
        if self.kind == "symbol":
            self.check_symbol()
        elif after > "\x7f" and not after.isspace():  # a letter that only looks like one of ours
            message, fix = characters.described(after)
            self.fail(message, at=self.end, fix=fix)

    def check_symbol(self) -> None:
        """Refuse what no grammar could expect."""
        token = self.token
        if token in QUOTES:
            line, fix = self.line_of(self.start), None
            if f"\\{token}" in line:
                fix = 'A quote behind "\\" belongs to the string: write "/", or "\\\\".'
            elif curly := [c for c in line if not c.isascii()
                           and characters.ordinary(c) in QUOTES]:
                fix = f"{curly[-1]} is no quote of prototxt: write {token} for it."
            self.fail("this string does not end on its line", fix=fix)
        if not "!" <= token <= "~":
            message, fix = characters.described(token)
            self.fail(message, fix=fix)
        if token == "/" and self.text[self.end : self.end + 1] in ("/", "*"):
            self.fail("this is no comment", found=self.text[self.start : self.end + 1],
                      fix='Comments go from "#" to the end of the line.')

    def take(self, *symbols: str) -> str:
        """Step over the token if it is one of the symbols; returns it, or "" if it is not."""
        if self.kind != "symbol" or self.token not in symbols:
            return ""
        symbol = self.token
        self.next()
        return symbol

    def found(self) -> str:
        if self.kind == "end":
            return "the end of the file"
        return self.token if len(self.token) <= SHOWN else f"{self.token[:SHOWN]}..."

    def line_at(self, offset: int) -> int:
        return bisect.bisect_left(self.newlines, offset) + 1

    def begin_of(self, offset: int) -> int:
        """Where the line of this place begins."""
        line = self.line_at(offset)
        return self.newlines[line - 2] + 1 if line > 1 else 0

    def line_of(self, offset: int) -> str:
        """The line of this place, without what ends it."""
        return self.text[self.begin_of(offset) :].split("\n", 1)[0].rstrip()

    def where(self, offset: int) -> str:
        """``"net.prototxt:12:5"``: file, line, column."""
        return f"{shown(self.name)}:{self.line_at(offset)}:{offset - self.begin_of(offset) + 1}"

    def fail(
        self,
        message: str,
        *,
        at: int | None = None,
        found: object = None,
        allowed: object = None,
        fix: str | None = None,
    ) -> NoReturn:
        offset = self.start if at is None else at
        begin = self.begin_of(offset)
        left = max(0, offset - begin - SHOWN + 20)  # long lines: the part around the token
        line = self.line_of(offset).ljust(offset - begin)[left : left + SHOWN]
        before = line[: offset - begin - left]
        raise PrototxtError(
            message,
            where=self.where(offset),
            found=found,
            allowed=allowed,
            fix=fix,
            snippet=f"{characters.on_screen(line).rstrip()}\n"
            f"{' ' * characters.columns(before)}^",
        )

    # values

    def scalar(self, known: FieldDescriptor) -> Any:
        """The value of a field that is no message; steps over it."""
        cpp = known.cpp_type
        if cpp == FieldDescriptor.CPPTYPE_STRING:
            return self.string(known)
        if cpp == FieldDescriptor.CPPTYPE_ENUM:
            return self.enum_value(known)
        if cpp == FieldDescriptor.CPPTYPE_BOOL:
            return self.boolean()
        return self.number(known)

    def string(self, known: FieldDescriptor) -> str | bytes:
        if self.kind != "string":
            self.fail("expected a string in quotes", found=self.found())
        data = b""
        while self.kind == "string":  # neighbours are one string, as in C
            raw = self.token[1:-1]
            data += (self.unescaped(raw, known.name) if "\\" in raw
                     else raw.encode("utf-8", "surrogateescape"))
            self.next()
        if known.type == FieldDescriptor.TYPE_BYTES:
            return data
        return data.decode("utf-8", "surrogateescape")

    def unescaped(self, raw: str, field: str) -> bytes:
        try:
            data = escapes.unescape(raw, field)
        except escapes.WrongEscapeError as wrong:
            self.wrong_string(self.start + 1 + wrong.offset, wrong.message, fix=wrong.fix)
            return b""
        if b"\0" in data and field in escapes.PATHS:
            self.wrong_string(self.start, f"{field} cannot hold a zero byte",
                              fix=escapes.advice(raw, field))
            return b""
        if turned := escapes.turned(raw, field):
            logger.warning(
                "%s: in %s %s %s, so the name becomes %s. %s",
                self.where(self.start), field, " and ".join(turned),
                "are escape sequences" if turned[1:] else "is an escape sequence",
                shown(os.fsdecode(data)), escapes.advice(raw, field),
            )
        return data

    def wrong_string(self, at: int, message: str, *, fix: str | None) -> None:
        """Tell what is wrong inside a string."""
        self.fail(message, at=at, fix=fix)

    def enum_value(self, known: FieldDescriptor) -> int:
        values = known.enum_type.values_by_name
        if self.kind == "number" and INTEGER.fullmatch(self.token):
            number = whole_number(self.token)
            if number in known.enum_type.values_by_number:
                self.next()
                return number
        if self.kind != "name" or self.token not in values:
            allowed = ", ".join(values) if len(values) <= MOST_ALLOWED else None
            expected = f"expected a value of {known.name}"
            self.fail(expected, found=self.found(), allowed=allowed)
        number = values[self.token].number
        self.next()
        return number

    def boolean(self) -> bool:
        if self.token not in TRUE + FALSE:
            meant = self.token.strip("\"'")
            fix = f"Write {meant.lower()}." if meant.lower() in ("true", "false") else None
            self.fail("expected true or false", found=self.found(), fix=fix)
        value = self.token in TRUE
        self.next()
        return value

    def number(self, known: FieldDescriptor) -> int | float:
        at = self.start
        negative = bool(self.take("-"))
        token = self.token
        if known.cpp_type in FLOATS:
            value: int | float = self.float_value(token)
        else:
            if self.kind != "number" or not INTEGER.fullmatch(token):
                self.fail("expected a whole number", found=self.found(), fix=self.number_fix(True))
            value = whole_number(token)
            low, high = RANGES[known.cpp_type]
            if not low <= (-value if negative else value) <= high:
                found = f"-{token}" if negative else token
                allowed = f"{low} to {high}"
                self.fail(f"{known.name} is out of range", at=at, found=found, allowed=allowed)
        self.next()
        return -value if negative else value

    def float_value(self, token: str) -> float:
        if self.kind == "number" and token[:2] not in ("0x", "0X"):
            return float(token.rstrip("fF"))
        if self.kind == "name" and token.lower() in ("inf", "infinity", "nan"):
            return math.nan if token.lower() == "nan" else math.inf
        self.fail("expected a number", found=self.found(), fix=self.number_fix(False))

    def number_fix(self, whole: bool) -> str | None:
        """How to write the number that the token means, if it means one."""
        token = self.token.strip("\"'")
        if token == "+":
            return 'Leave the "+" out.'
        with contextlib.suppress(ValueError, OverflowError):
            if INTEGER.fullmatch(token):
                meant = f"Write {whole_number(token)}."
                return meant if token != self.token or not whole else None
            value = float(token.rstrip("fF"))
            if not whole:
                return f"Write {token}."
            if value == int(value) and abs(value) < 1 << 63:
                return f"Write {int(value)}."
        return None


def whole_number(token: str) -> int:
    """Decimal, 0x... or, with a 0 in front, octal. Python refuses to read thousands of digits."""
    octal = len(token) > 1 and token[0] == "0" and token[1] not in "xX"
    return int(token[:MOST_DIGITS], 8 if octal else 0)
