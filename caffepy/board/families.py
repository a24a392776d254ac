"""The families of views."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple


class Family(NamedTuple):
    """A folder of this room with ``routes.py``; where it begins, and what the pages' head calls
    it."""

    folder: str
    path: str
    title: str


FAMILIES = (
    Family("runs", "/", "Runs"),
)


def load() -> None:
    """Import the views of all, which puts them into ``routes``."""
    for family in FAMILIES:
        import_module(f"caffepy.board.{family.folder}.routes")
    import_module("caffepy.board.static_parts")
