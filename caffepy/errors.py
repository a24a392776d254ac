"""The one family of exceptions: every message says where, what, and what to do about it.

A message reads as one line, in this order:

    where: what is wrong (found X; allowed: Y). What to do.

``where`` is a place the reader can open or name (``net.prototxt:12``, ``layer 'conv1'``).
The command line prints that line and exits with ``exit_code``; in Python it is an ordinary
exception. The family derives from RuntimeError because that is what pycaffe raised, so the
``except RuntimeError`` of old scripts still works.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CaffeError(RuntimeError):
    """Base of all errors that caffepy raises on purpose.

    Args:
        message: the invariant that does not hold, without a final period.
        where: file and line, layer, blob or record the message is about.
        found: what came instead.
        allowed: what would have been right.
        fix: one sentence that says what to do.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        found: object = None,
        allowed: object = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.found = found
        self.allowed = allowed
        self.fix = fix

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        details = []
        if self.found is not None:
            details.append(f"found {self.found}")
        if self.allowed is not None:
            details.append(f"allowed: {self.allowed}")
        if details or self.fix:
            text = text.removesuffix(".")  # the original's messages have one now and then
        if details:
            text += f" ({'; '.join(details)})"
        if self.fix:
            text += f". {self.fix}"
        return one_line(text)

    def at(self, where: str) -> CaffeError:
        """Put an outer place in front of ``where``; returns self, for ``raise error.at(...)``."""
        self.where = f"{where}, {self.where}" if self.where else where
        return self


class ConfigError(CaffeError):
    """A prototxt, a flag or an argument says something that cannot be done."""


class ShapeError(CaffeError):
    """Blobs whose shapes do not fit each other, their layer or their weights."""


class DataError(CaffeError):
    """A record, picture, label, database or weight file that cannot be used."""


class BadValue(DataError):
    """A number that a kernel cannot take; the layer that gave it says what it means.

    Attributes:
        kernel: who found it.
        place: where, counted in C order.
        value: the number.
    """

    def __init__(self, kernel: object, place: int, value: float) -> None:
        super().__init__(f"number {place} cannot be used", found=f"{value:g}")
        self.kernel, self.place, self.value = kernel, place, value


class NotFound(CaffeError):
    """A file, database, layer, blob or device that is not there."""


class NumericError(CaffeError):
    """Numbers that left the range in which training means anything."""


class DeviceError(CaffeError):
    """A GPU or an engine that was asked for and cannot serve."""


def one_line(text: str) -> str:
    """The text with what cannot be seen (line feeds, tabs, ...) as prototxt's escapes: names may
    hold anything, and a message stays one line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte of a name that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return ascii(character)[1:-1]


def shown(name: str) -> str:
    """A name for a message: as it is, or in quotes if there is something in it that cannot be
    seen."""
    return name if name.isprintable() else f"'{one_line(name)}'"


def did_you_mean(name: str, options: Iterable[str]) -> str | None:
    """The sentence "Did you mean X?" for the option nearest to ``name``, or None."""
    by_lower = {option.lower(): option for option in options}
    if name.lower() in by_lower:
        return f"Did you mean {by_lower[name.lower()]}?"
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"Did you mean {by_lower[near[0]]}?" if near else None
