"""What stands on the other side for the session's nets, solvers, layers and blobs: numbers."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from caffepy.errors import ConfigError, NotFound
from caffepy.matlab.frames import Handles


@dataclass
class Entry:
    """Something that has a number.

    Attributes:
        number: the number.
        thing: what it stands for.
        place: how errors call it.
        owner: the number of the net that it is part of; 0 for nets and solvers.
        uses: how often it has been given out and not been given back (nets and solvers).
    """

    number: int
    thing: Any
    place: str
    owner: int = 0
    uses: int = 0


@dataclass
class Table:
    """Gives numbers and finds what they stand for.

    A net or solver stays until it has been given back as often as it was given out, or ``clear``;
    its layers and blobs go with it. ``key`` tells the handles of one life of the session from those
    of another, which would else mean something by chance.
    """

    key: float = field(default_factory=lambda: _new_key())
    entries: dict[int, Entry] = field(default_factory=dict)
    _numbers: dict[tuple[int, int], int] = field(default_factory=dict)  # by owner and identity
    _counter: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def give(self, things: Iterable[tuple[Any, str]], owner: int = 0) -> Handles:
        """Handles of things, each with the words for it in errors; the same ones for the same
        things.

        Args:
            owner: the number of the net that they are parts of.
        """
        return Handles(self.key, tuple([self._give(*pair, owner) for pair in things]))

    def _give(self, thing: Any, place: str, owner: int) -> int:
        number = self._numbers.get((owner, id(thing)))
        if number is None:
            number = self._numbers[owner, id(thing)] = next(self._counter)
            self.entries[number] = Entry(number, thing, place, owner)
        self.entries[number].uses += 1
        return number

    def find(self, handles: Handles, kind: type[Any]) -> Entry:
        """What a handle stands for, which is of that kind.

        Raises:
            ConfigError: it is not one handle, or one of another kind.
            NotFound: it is one of old.
        """
        name = kind.__name__
        if len(handles.numbers) != 1:
            raise ConfigError(f"one {name} is wanted", found=f"{len(handles.numbers)}")
        if not self.holds(handles):
            raise NotFound(
                f"this {name} is not there any more",
                fix="caffe.reset_all, the deletion of its net or the end of the Python process has "
                    "cleared it: make it again.")
        entry = self.entries[handles.numbers[0]]
        if not isinstance(entry.thing, kind):
            raise ConfigError(f"a {name} is wanted", found=entry.place)
        return entry

    def holds(self, handles: Handles) -> bool:
        """Whether what it stands for is still there."""
        return handles.key == self.key and handles.numbers[0] in self.entries

    def give_back(self, handles: Handles) -> None:
        """One who had a net or solver has it no more. (Nothing happens to what is not there.)"""
        if not self.holds(handles):
            return
        number = handles.numbers[0]
        entry = self.entries[number]
        entry.uses -= 1
        if entry.uses <= 0:
            self._forget([number, *(n for n, part in self.entries.items() if part.owner == number)])

    def clear(self) -> None:
        """Forget everything; all handles given so far are old from now on."""
        self._forget(list(self.entries))
        self.key = _new_key()

    def _forget(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            entry = self.entries.pop(number)
            del self._numbers[entry.owner, id(entry.thing)]


def _new_key() -> float:
    """A whole number that a double holds."""
    return float(int.from_bytes(os.urandom(6), "little"))
