"""Where in a prototxt a field is written: looked up when there is something to say about it."""

from __future__ import annotations

import os
from pathlib import Path

from caffepy.errors import ConfigError
from caffepy.proto.lexer import Lexer


def where(path: str | os.PathLike[str], field: str) -> str:
    """``"solver.prototxt:3"``: the line of a field that stands in no block; the file alone if it
    is not there (a flag or a script may have set it), or cannot be read."""
    place = os.fspath(path)
    try:
        text = Path(place).read_bytes().decode("utf-8", "surrogateescape")
        line = _line(Lexer(text, place), field)
    except (OSError, ConfigError):
        line = None
    return place if line is None else f"{place}:{line}"


def _line(lexer: Lexer, field: str) -> int | None:
    depth = 0
    while lexer.kind != "end":
        if lexer.kind == "symbol":
            depth += (lexer.token in "{<") - (lexer.token in "}>")
        elif lexer.kind == "name" and not depth and lexer.token == field:
            line = lexer.line_at(lexer.start)
            lexer.next()
            if lexer.kind == "symbol" and lexer.token in ":{<":
                return line
            continue
        lexer.next()
    return None
