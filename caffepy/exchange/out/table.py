"""The table of rules: which function says what a layer is in ONNX.

    @rule("ReLU")
    def relu(step: Step) -> str: ...

A rule of a fork's type names the fork, as the layer's own ``@register`` line does; where none is
named, all forks' types of that name are meant. Modules of ``rules`` are found by walking.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from caffepy.core import registry
from caffepy.exchange.out import reasons

if TYPE_CHECKING:
    from caffepy.exchange.out.step import Step

RULES_PACKAGE = "caffepy.exchange.out.rules"
ANY = "*"  # whichever fork's

Values = str | Sequence[str]
Rule = Callable[["Step"], Values]

_rules: dict[tuple[str, str], Rule] = {}


class NotInONNX(Exception):
    """A layer that cannot be said in ONNX; the text is the reason."""


def rule(*types: str, dialect: str = ANY) -> Callable[[Rule], Rule]:
    """Decorator: the function is the rule of these types. It gives the values of the layer's tops,
    and raises NotInONNX for settings that ONNX cannot say."""

    def enter(function: Rule) -> Rule:
        for type in types:
            assert (type, dialect) not in _rules, type
            _rules[type, dialect] = function
        return function

    return enter


def find(spec: Any) -> Rule:
    """The rule of a LayerParameter's type.

    Raises:
        NotInONNX: there is none, and why.
    """
    _discover()
    entry = registry.of(spec)
    found = _rules.get((entry.type, entry.dialect)) or _rules.get((entry.type, ANY))
    if found is None:
        raise NotInONNX(reasons.of(entry))
    return found


def has(entry: registry.Entry) -> bool:
    """Whether there is a rule for an entry of the registry."""
    _discover()
    return (entry.type, entry.dialect) in _rules or (entry.type, ANY) in _rules


def types() -> set[str]:
    """The types that there are rules of."""
    _discover()
    return {type for type, _ in _rules}


def _discover() -> None:
    package = importlib.import_module(RULES_PACKAGE)
    for module in pkgutil.iter_modules(package.__path__, RULES_PACKAGE + "."):
        importlib.import_module(module.name)
