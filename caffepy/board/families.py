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
    Family("net", "/net", "Net"),
    Family("data", "/data", "Data"),
    Family("results", "/results", "Results"),
    Family("tries", "/try", "Try"),
)


def of(path: str) -> Family:
    """The family that an address belongs to: the first one's are / and all that is no other's."""
    others = (family for family in FAMILIES[1:]
              if path == family.path or path.startswith(f"{family.path}/"))
    return next(others, FAMILIES[0])


def load(path: str) -> None:
    """Import the views of the family that an address belongs to, which puts them into ``routes``:
    the board is there before the engine is, and a page of runs never needs it."""
    import_module(f"caffepy.board.{of(path).folder}.routes")
