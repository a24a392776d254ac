"""How gflags spells flags: any argument list becomes canonical flags and words.

    -solver x   --solver x   -solver=x   --solver=x     one flag, four spellings
    --gray   --gray=yes   --nogray                      booleans never take the next argument
    --log-dir                                           '-' and '_' are one in a flag's name
    --flagfile=more.txt                                 flags read from a file, one a line
    --undefok=a,b                                       flags that may be unknown
    --                                                  only words from here on

Commands pasted from tutorials often carry typographic dashes and quotes; a dash of any kind at
the start of an argument counts as '-', and curly quotes around a value are dropped.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from caffepy.errors import ConfigError, NotFound, did_you_mean

# hyphen-minus, hyphen, non-breaking hyphen, figure dash, en dash, em dash, bar, minus sign
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
CURLY_QUOTES = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b"

HELP_NAMES = ("help", "helpshort", "helpfull", "h")
MAX_FLAGFILE_DEPTH = 16


class Spec(Protocol):
    """What scanning needs to know of a flag."""

    is_bool: bool

    def bare(self, following: str | None) -> str | None:
        """The value of the flag written without one, or None if it wants the next argument."""

    def check(self, text: str) -> None:
        """Raise ConfigError unless ``text`` is a value of the flag."""


@dataclass
class Scan:
    """The outcome: flags as ``--name=value`` in their order, words, and what nobody knows."""

    flags: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    tolerated: set[str] = field(default_factory=set)

    def check_unknown(self, known: Iterable[str]) -> None:
        """Raise ConfigError for the first unknown flag that --undefok does not excuse."""
        for argument in self.unknown:
            name = argument[2:].partition("=")[0]
            if name in self.tolerated or name.removeprefix("no") in self.tolerated:
                continue
            raise ConfigError(
                f"unknown command line flag '{name}'",
                fix=did_you_mean(name, [*known, *HELP_NAMES[:1], "version"])
                or "See --help for the flags there are.",
            )


def scan(
    arguments: Iterable[str],
    flags: Mapping[str, Spec],
    *,
    program: str = "",
    to_first_word: bool = False,
    lenient: bool = False,
) -> Scan:
    """Sort ``arguments`` by the rules above.

    Args:
        flags: the known flags by name.
        program: compared with the program names that a flag file may hold.
        to_first_word: stop at the first word; it and all that follow it go to ``words`` as is.
        lenient: keep silent about bad and missing values (shell completion asks halfway).

    Raises:
        ConfigError: a value that is missing or not of the flag's type.
        NotFound: a flag file that is not there.
    """
    found = Scan()
    queue = list(arguments)
    depths = [0] * len(queue)       # how many flag files deep each argument stands
    while queue:
        argument, depth = queue.pop(0), depths.pop(0)
        if argument == "--":
            found.words += queue if not to_first_word else ["--", *queue]
            break
        split = split_flag(argument)
        if split is None:
            if to_first_word:
                found.words = [argument, *queue]
                break
            found.words.append(unquote(argument))
            continue
        name, value = split
        if name in HELP_NAMES or name == "version":
            found.flags.append("--help" if name in HELP_NAMES else "--version")
            continue
        if name not in flags and name.startswith("no") and value is None:
            positive = flags.get(name[2:])
            if positive is not None and positive.is_bool:
                found.flags.append(f"--{name[2:]}=false")
                continue
        if name not in flags and name not in ("flagfile", "undefok"):
            found.unknown.append(f"--{name}" if value is None else f"--{name}={value}")
            continue
        if value is None:
            spec = flags.get(name)
            value = spec.bare(queue[0] if queue else None) if spec else None
            if value is None:
                if not queue or _is_known_flag(queue[0], flags):
                    if lenient:
                        continue
                    raise ConfigError(f"flag '{name}' is missing its argument")
                value = unquote(queue.pop(0))
                depths.pop(0)
        if name == "undefok":
            found.tolerated.update(word.strip() for word in value.split(","))
        elif name == "flagfile":
            if depth >= MAX_FLAGFILE_DEPTH:
                raise ConfigError("flag files include each other", where=value)
            lines = [] if lenient else read_flagfiles(value, flags, program)
            queue[:0] = lines
            depths[:0] = [depth + 1] * len(lines)
        else:
            if not lenient:
                flags[name].check(value)
            found.flags.append(f"--{name}={value}")
    return found


def split_flag(argument: str) -> tuple[str, str | None] | None:
    """Name and value (None if not given by ``=``) of a flag; None if it is a word."""
    bare = argument.lstrip(DASHES)
    dashes = len(argument) - len(bare)
    if not bare or dashes == 0:
        return None
    bare = argument[min(dashes, 2):]
    name, equals, value = bare.partition("=")
    return name.replace("-", "_"), unquote(value) if equals else None


def unquote(text: str) -> str:
    """Without the curly quotes around it."""
    if len(text) >= 2 and text[0] in CURLY_QUOTES and text[-1] in CURLY_QUOTES:
        return text[1:-1]
    return text


def read_flagfiles(paths: str, flags: Mapping[str, Spec], program: str) -> list[str]:
    """The flags of comma-separated files. A line that is not a flag names programs (with
    wildcards): the flags below it are for them alone."""
    from caffepy.proto import textfile

    arguments: list[str] = []
    for path in paths.split(","):
        try:
            lines = [line.strip() for line in textfile.read_lines(path)]
        except NotFound:
            raise NotFound("flag file not found", where=path) from None
        applies = True
        for line in lines:
            if not line or line.startswith("#"):
                continue
            if line[0] not in DASHES:
                applies = any(fnmatch.fnmatch(program, word) for word in line.split())
            elif applies:
                name, _, value = line.partition(" ")
                # a value may follow a blank as well as "="
                arguments += [name, value.strip()] if value and "=" not in name else [line]
    return arguments


def _is_known_flag(argument: str, flags: Mapping[str, Spec]) -> bool:
    split = split_flag(argument)
    return split is not None and split[0] in flags
