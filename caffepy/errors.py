"""The one family of exceptions: every message says where, what, and what to do about it.

A message reads as one line, in this order:

    where: what is wrong (found X; allowed: Y). What to do.

An error that tells of several things lists the others below (``more``).

``where`` is a place the reader can open or name (``net.prototxt:12``, ``layer 'conv1'``).
The command line prints that line and exits with ``exit_code``; in Python it is an ordinary
exception. The family derives from RuntimeError because that is what pycaffe raised, so the
``except RuntimeError`` of old scripts still works.
"""

from __future__ import annotations

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
    more = ""  # lines after the first, where one error tells of several things

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
        text = one_line(text)
        return f"{text}\n{self.more}" if self.more else text

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


class EndOfData(DataError):
    """A source that is read but once has no more."""


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
    """The sentence "Did you mean X?" for the option that ``name`` is a slip of, or None."""
    found = nearest(name, options)
    return f"Did you mean {found}?" if found else None


def nearest(name: str, options: Iterable[str]) -> str | None:
    """The option that ``name`` stands for: the same but for case and underscores, a slip of one
    letter (of two in long names), or the beginning of each of its words (``conv_param``). Else
    None."""
    words = list(options)
    plain = {_plain(option): option for option in reversed(words)}
    wanted = _plain(name)
    if not wanted or wanted in plain:
        return plain.get(wanted)
    best = [(slips, option) for key, option in plain.items()
            if (slips := _slips(*_stems(wanted, key))) is not None]
    near = min(best, key=lambda pair: (pair[0], words.index(pair[1])))[1] if best else ""
    if near and near[0].lower() == wanted[0]:
        return near
    longer = sorted((option for option in words if _begins(name, option)), key=len)
    if longer and all(option.lower().startswith(longer[0].lower()) for option in longer):
        return longer[0]
    return near or None


def _plain(name: str) -> str:
    return "".join(char for char in name.lower() if char not in "_- ")


def _stems(name: str, option: str) -> tuple[str, str]:
    """Without what half of all names end with, so that bn_param is not taken for mvn_param."""
    for ending in ("params", "param", "layer"):
        stem = name.removesuffix(ending)
        if stem and stem != name and (ending == "layer" or option.endswith("param")):
            return stem, option.removesuffix("param")
    return name, option


def _begins(name: str, option: str) -> bool:
    parts, whole = name.lower().split("_"), option.lower().split("_")
    return len(parts) == len(whole) and len(parts[0]) > 2 and all(
        word.startswith(part) for part, word in zip(parts, whole, strict=True))


def _slips(name: str, option: str) -> int | None:
    """Letters that are wrong, missing, too many or swapped, or None where they are too many."""
    most = 1 if len(name) < 6 else 2
    short, long = sorted((name, option), key=len)
    if len(long) - len(short) > most or (len(name) < 3 and len(short) == len(long)):
        return None
    before: list[int] = []
    row = list(range(len(option) + 1))
    for i, char in enumerate(name):
        older, before, row = before, row, [i + 1]
        for j, other in enumerate(option):
            cost = min(before[j] + (char != other), before[j + 1] + 1, row[j] + 1)
            if i and j and char == option[j - 1] and name[i - 1] == other:
                cost = min(cost, older[j - 1] + 1)
            row.append(cost)
    return row[-1] if row[-1] <= most else None
