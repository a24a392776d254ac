"""What an output of a test comes to over all batches, where a mean of its batches says nothing.

A layer whose top has rows for people to count, in place of a number, makes a ``Tally`` (see
``Traits.tally``). Whoever runs a test gives it each batch's rows and asks for the score at the end.
"""

from __future__ import annotations

from typing import Protocol

from caffepy.core.memory import Array


class Tally(Protocol):
    """Gathers the rows of one output.

    Attributes:
        rule: by which the score is made, in a word.
    """

    rule: str

    def add(self, values: Array) -> None:
        """The values of one more batch, flat."""

    def score(self) -> float:
        """What they all come to."""

    def parts(self) -> dict[int, float]:
        """The score of each class."""

    def curve(self, label: int) -> tuple[Array, Array, Array]:
        """Precision, recall and least score, as more and more of what was found of a class is
        taken, the best first."""

    def counts(self) -> dict[int, int]:
        """How often each class was there to be found."""
