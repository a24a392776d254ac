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
        field: the field of a solver that it is about, for who knows the file (solvers.settings).
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
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.found = found
        self.allowed = allowed
        self.fix = fix
        self.field = field

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
        return text

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


class NotFound(CaffeError):
    """A file, database, layer, blob or device that is not there."""


class NumericError(CaffeError):
    """Numbers that left the range in which training means anything."""


class DeviceError(CaffeError):
    """A GPU or an engine that was asked for and cannot serve."""


def did_you_mean(name: str, options: Iterable[str]) -> str | None:
    """The sentence "Did you mean X?" for the option nearest to ``name``, or None."""
    by_lower = {option.lower(): option for option in options}
    if name.lower() in by_lower:
        return f"Did you mean {by_lower[name.lower()]}?"
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"Did you mean {by_lower[near[0]]}?" if near else None
