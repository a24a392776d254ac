"""The table of lines: which function says what a layer is in PyTorch.

    @line("ReLU")
    def relu(line: Line) -> str: ...

Modules of ``lines`` are found by walking.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from caffepy.core import registry

LINES_PACKAGE = "caffepy.exchange.weights.lines"
ANY = "*"  # whichever fork's

Rule = Callable[[Any], str]  # of a Line: an expression for the layer's tops

_lines: dict[tuple[str, str], Rule] = {}


class NoLine(Exception):
    """A layer that has no line; the text is the reason."""


def line(*types: str, dialect: str = ANY) -> Callable[[Rule], Rule]:
    """Decorator: the function is the rule of these types."""

    def enter(function: Rule) -> Rule:
        for type in types:
            assert (type, dialect) not in _lines, type
            _lines[type, dialect] = function
        return function

    return enter


def find(spec: Any) -> Rule:
    """The rule of a LayerParameter's type.

    Raises:
        NoLine: there is none.
    """
    package = importlib.import_module(LINES_PACKAGE)
    for module in pkgutil.iter_modules(package.__path__, LINES_PACKAGE + "."):
        importlib.import_module(module.name)
    entry = registry.of(spec)
    found = _lines.get((entry.type, entry.dialect)) or _lines.get((entry.type, ANY))
    if found is None:
        raise NoLine("PyTorch has nothing that is the same")
    return found
