"""The value types of gflags, as click parameter types: string, int32, double, bool.

Each says a bad value in gflags' words: ``illegal value 'abc' specified for int32 flag
'iterations'``. FILE is a string whose shell completion offers file names; CHOICE(...) one of a
few words.
"""

from __future__ import annotations

import math

import click
from click.shell_completion import CompletionItem

from caffepy.cli.scan import DASHES
from caffepy.errors import ConfigError, did_you_mean

TRUE = ("1", "t", "true", "y", "yes")
FALSE = ("0", "f", "false", "n", "no")


class Kind(click.ParamType):
    """A value type; ``name`` is what gflags calls it."""

    name = "string"
    allowed: str | None = None

    @property
    def shown(self) -> str:
        """What --help shows in the value's place."""
        return self.name

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        flag = param.name or "" if param else ""
        return self.read(value, flag) if isinstance(value, str) else value

    def read(self, text: str, flag: str) -> object:
        """The value of ``text``; raises ConfigError naming the flag."""
        return text

    def illegal(self, text: str, flag: str, fix: str | None = None) -> ConfigError:
        return ConfigError(
            f"illegal value '{text}' specified for {self.name} flag '{flag}'",
            allowed=self.allowed,
            fix=fix,
        )


class Int32(Kind):
    name = "int32"

    def read(self, text: str, flag: str) -> int:
        digits = _plain_minus(text)
        try:
            # gflags reads 0x1f, but a leading zero is not octal
            base = 16 if digits.lower().lstrip("+-").startswith("0x") else 10
            number = int(digits, base)
        except ValueError:
            raise self.illegal(text, flag) from None
        if not -(2**31) <= number < 2**31:
            raise self.illegal(text, flag)
        return number


class Double(Kind):
    name = "double"

    def read(self, text: str, flag: str) -> float:
        try:
            number = float(_plain_minus(text))
        except ValueError:
            raise self.illegal(text, flag) from None
        if math.isnan(number):
            raise self.illegal(text, flag)
        return number


class Bool(Kind):
    name = "bool"
    allowed = "true, false, t, f, yes, no, y, n, 1, 0"

    def read(self, text: str, flag: str) -> bool:
        word = text.lower()
        if word not in TRUE + FALSE:
            raise self.illegal(text, flag)
        return word in TRUE


class File(Kind):
    @property
    def shown(self) -> str:
        return "file"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


class Choice(Kind):
    """One of a few words, compared exactly."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.allowed = ", ".join(words)

    @property
    def shown(self) -> str:
        return "|".join(self.words)

    def read(self, text: str, flag: str) -> str:
        if text not in self.words:
            raise self.illegal(text, flag, did_you_mean(text, self.words))
        return text

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(word) for word in self.words if word.startswith(incomplete)]


def _plain_minus(text: str) -> str:
    text = text.strip()
    return "-" + text[1:] if text[:1] in DASHES and text else text


STRING, INT32, DOUBLE, BOOL, FILE = Kind(), Int32(), Double(), Bool(), File()
OF_PYTHON = {str: STRING, int: INT32, float: DOUBLE, bool: BOOL}
