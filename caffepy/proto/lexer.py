"""The tokens and the values of prototxt, and the error that shows where one is wrong."""

from __future__ import annotations

import bisect
import math
import re
from typing import Any, NoReturn

from google.protobuf.descriptor import FieldDescriptor

from caffepy.errors import ConfigError

TOKEN = re.compile(
    r"""
      (?P<name>   [A-Za-z_]\w* )
    | (?P<number> 0[xX][0-9a-fA-F]+ | (?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]? )
    | (?P<string> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
    | (?P<symbol> . )
    """,
    re.VERBOSE,
)
SKIP = re.compile(r"(?:\s+|\#[^\n]*)*")
ESCAPE = re.compile(
    rb"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL
)
ESCAPED = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))
MOST_DIGITS = 4000  # any number of so many is out of every range
INTEGER = re.compile(r"0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*")
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
        self.text = text
        self.name = name
        self.within = ""
        self.newlines = [match.start() for match in re.finditer("\n", text)]
        self.end = 1 if text.startswith("\ufeff") else 0
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
        if self.kind == "symbol" and self.token in "\"'":
            self.fail("this string does not end on its line")

    def take(self, *symbols: str) -> str:
        """Step over the token if it is one of the symbols; returns it, or "" if it is not."""
        if self.kind != "symbol" or self.token not in symbols:
            return ""
        symbol = self.token
        self.next()
        return symbol

    def found(self) -> str:
        return "the end of the file" if self.kind == "end" else self.token

    def line_at(self, offset: int) -> int:
        return bisect.bisect_left(self.newlines, offset) + 1

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
        line = self.line_at(offset)
        begin = self.newlines[line - 2] + 1 if line > 1 else 0
        column = offset - begin
        shown = self.text[begin:].split("\n", 1)[0].rstrip().replace("\t", " ")
        left = max(0, column - SHOWN + 20)  # long lines: the part around the token
        shown = shown.encode("utf-8", "replace").decode()[left : left + SHOWN]
        raise PrototxtError(
            message,
            where=f"{self.name}:{line}:{column + 1}",
            found=found,
            allowed=allowed,
            fix=fix,
            snippet=f"{shown}\n{' ' * (column - left)}^",
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
            raw = self.token[1:-1].encode("utf-8", "surrogateescape")
            try:
                data += ESCAPE.sub(_unescape, raw)
            except (ValueError, OverflowError):
                self.fail("\\U stands for a character that does not exist",
                          allowed="\\U00000000 to \\U0010FFFF")
            self.next()
        if known.type == FieldDescriptor.TYPE_BYTES:
            return data
        return data.decode("utf-8", "surrogateescape")

    def enum_value(self, known: FieldDescriptor) -> int:
        values = known.enum_type.values_by_name
        if self.kind == "number" and INTEGER.fullmatch(self.token):
            number = _whole(self.token)
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
            self.fail("expected true or false", found=self.found())
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
                self.fail("expected a whole number", found=self.found())
            value = _whole(token)
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
        self.fail("expected a number", found=self.found())


def _whole(token: str) -> int:
    """Decimal, 0x... or, with a 0 in front, octal. Python refuses to read thousands of digits."""
    octal = len(token) > 1 and token[0] == "0" and token[1] not in "xX"
    return int(token[:MOST_DIGITS], 8 if octal else 0)


def _unescape(match: re.Match[bytes]) -> bytes:
    octal, hexa, short, long, plain = match.groups()
    if octal or hexa:
        return bytes([int(octal, 8) & 255 if octal else int(hexa, 16)])
    if short or long:
        return chr(int(short or long, 16)).encode("utf-8", "surrogatepass")
    return bytes([ESCAPED.get(plain[0], plain[0])])
