"""What is noted while a prototxt is read: for the mistakes that are told at its end."""

from __future__ import annotations

from typing import Any

from caffepy.proto.lexer import Lexer


class Reading(Lexer):
    """A lexer that keeps what mistakes are told of.

    Attributes:
        layers: those read so far, each with the place of its type.
        mistakes: what was stepped over (mistakes.Mistake).
    """

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text, name)
        self.layers: list[tuple[Any, int]] = []
        self.mistakes: list[Any] = []
