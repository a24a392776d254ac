"""Which view stands at which address."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caffepy.board.answers import Answer
    from caffepy.board.asking import Ask

View = Callable[["Ask"], "Answer"]

_views: dict[tuple[str, str], View] = {}


def get(path: str) -> Callable[[View], View]:
    """The decorator of a view that answers to GET (and HEAD)."""
    return _at("GET", path)


def post(path: str) -> Callable[[View], View]:
    """The decorator of a view that answers to POST."""
    return _at("POST", path)


def _at(method: str, path: str) -> Callable[[View], View]:
    def register(view: View) -> View:
        known = _views.setdefault((method, path), view)
        if known is not view:
            raise ValueError(f"{method} {path} is taken by {known.__module__}.{known.__name__}")
        return view

    return register


def find(method: str, path: str) -> View | None:
    """The view; None if there is none of this method."""
    return _views.get(("GET" if method == "HEAD" else method, path))


def methods(path: str) -> list[str]:
    """What an address answers to; nothing if it is none."""
    return [method for method, known in _views if known == path]
