"""What a view is asked."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from caffepy.board.shelf import Shelf
from caffepy.errors import ConfigError

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

T = TypeVar("T")


class Memory:
    """The board's only objects, one of each class that is asked for."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._made: dict[type, Any] = {}
        self._lock = threading.RLock()

    def one(self, kind: type[T]) -> T:
        with self._lock:
            if kind not in self._made:
                self._made[kind] = kind(self.shelf)  # type: ignore[call-arg]
            return self._made[kind]


class Ask:
    """One request, as far as a view needs it.

    Attributes:
        shelf: the folders.
        prefix: what stands before all addresses: / and the token.
        path: the address below it, as in ``routes``.
    """

    def __init__(self, request: Request, memory: Memory, prefix: str, path: str) -> None:
        self.request = request
        self.shelf = memory.shelf
        self.prefix = prefix
        self.path = path
        self._memory = memory

    def one(self, kind: type[T]) -> T:
        """The board's only object of a class; made as ``kind(shelf)`` when first asked for."""
        return self._memory.one(kind)

    def text(self, key: str, default: str = "") -> str:
        """A word of the query or of the form; of several of one key the last."""
        return (self.texts(key) or [default])[-1]

    def texts(self, key: str) -> list[str]:
        """All words of a key."""
        return [*self.request.args.getlist(key), *self.request.form.getlist(key)]

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds; what lies beyond is moved to them."""
        return round(self.number(key, default, least, most))

    def number(self, key: str, default: float, least: float, most: float) -> float:
        """A number within bounds; what lies beyond is moved to them.

        Raises:
            ConfigError: it is none.
        """
        text = self.text(key)
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if math.isnan(value):
            raise ConfigError("a number is wanted", where=key, found=text)
        return min(max(value, least), most)

    def choice(self, key: str, *allowed: str) -> str:
        """One of the allowed words; the first if none is given.

        Raises:
            ConfigError: it is another.
        """
        text = self.text(key) or allowed[0]
        if text not in allowed:
            raise ConfigError("no such choice", where=key, found=text, allowed=", ".join(allowed))
        return text

    def file(self, key: str) -> Path:
        """The file that the word of a key names.

        Raises:
            NotFound: it is not on the shelf.
        """
        return self.shelf.file(self.text(key))

    def folder(self, key: str) -> Path:
        """The folder that the word of a key names.

        Raises:
            NotFound: it is not on the shelf.
        """
        return self.shelf.folder(self.text(key))

    def upload(self, key: str) -> bytes:
        """The bytes of a file that was sent with a form.

        Raises:
            ConfigError: none was.
        """
        sent = self.request.files.get(key)
        content = sent.read() if sent is not None else b""
        if not content:
            raise ConfigError("no file was sent", where=key)
        return content

    def url(self, path: str, **query: Any) -> str:
        """The address of a view; a list in the query gives its key several times, and None no
        time at all."""
        pairs = {key: value for key, value in query.items() if value is not None}
        return f"{self.prefix}{path}" + (f"?{urlencode(pairs, doseq=True)}" if pairs else "")
