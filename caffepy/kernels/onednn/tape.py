"""Tape: what kernels have done to arrays, as a list that runs again without asking them.

A forward pass of one small picture is a hundred calls of a few microseconds' work each. To find out
what to call with which arrays takes Python as long again; a tape knows that already.

While one is on (``Runtime.taping``) everything that goes by way of the runtime is put on it:
oneDNN's primitives, its matrix products, and what kernels do by NumPy in between
(``Runtime.also``). The arrays are fixed, and what they hold is not: whoever plays a tape must know
that the same work on the same arrays is what is wanted (core.taped does).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from caffepy.kernels.onednn.api import Array, OneDnnError, address

Step = tuple[Callable[..., Any], tuple[Any, ...]]  # gives a status, 0 if all went well


class Extent(NamedTuple):
    """Where an array lies: its first byte, and the first one behind it."""

    start: int
    end: int

    @classmethod
    def of(cls, array: Array) -> Extent:
        """That of one which lies in one piece, in whatever order."""
        start = address(array)
        return cls(start, start + array.nbytes)

    def meets(self, other: Extent) -> bool:
        """Whether they have a byte in common."""
        return self.start < other.end and other.start < self.end


class Tape:
    """Of the thread that made it: scratch memory is each thread's own.

    Attributes:
        extents: of each step, where the arrays lie that it was given.
    """

    def __init__(self, use_threads: Callable[[], None]) -> None:
        self._use_threads = use_threads
        self._steps: list[Step] = []
        self._kept: list[Any] = []  # what must not go away while the steps can run
        self.extents: list[list[Extent]] = []
        self._thread = threading.get_ident()

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def is_mine(self) -> bool:
        """Whether the thread that asks may play it."""
        return threading.get_ident() == self._thread

    @staticmethod
    def extent(array: Array) -> Extent:
        """Where an array lies."""
        return Extent.of(array)

    def add(self, step: Step, arrays: Sequence[Array], *kept: Any) -> None:
        """One step more, that has just been done with these arrays.

        Args:
            kept: what it needs besides.
        """
        self._steps.append(step)
        self._kept.append((arrays, kept))
        self.extents.append([Extent.of(array) for array in arrays])

    def play(self) -> None:
        """Do all of it.

        Raises:
            OneDnnError: one step could not be done.
        """
        self._use_threads()
        for run, arguments in self._steps:
            status = run(*arguments)
            if status:
                raise OneDnnError("play what was taped", status)


def quietly(function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]
            ) -> Step:
    """A function of NumPy's as a step."""

    def run() -> int:
        function(*arguments, **options)
        return 0

    return run, ()
