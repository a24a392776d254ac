"""The table of rules: which function says what an ONNX operation is in Caffe.

    @rule("Relu")
    def relu(step: Step) -> str: ...

Modules of ``rules`` are found by walking.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from caffepy.exchange.into.refused import NotInCaffe

if TYPE_CHECKING:
    from caffepy.exchange.into.step import Step

RULES_PACKAGE = "caffepy.exchange.into.rules"
OWN_DOMAINS = ("", "ai.onnx")
FOREIGN = "an operation of {}, not of ONNX itself"

Rule = Callable[["Step"], Any]  # a blob, or a sequence of them, for the node's outputs

_rules: dict[str, Rule] = {}


def rule(*operations: str) -> Callable[[Rule], Rule]:
    """Decorator: the function is the rule of these operations. It gives the blobs of the node's
    outputs, and raises NotInCaffe for what no layer computes."""

    def enter(function: Rule) -> Rule:
        for operation in operations:
            assert operation not in _rules, operation
            _rules[operation] = function
        return function

    return enter


def find(node: Any) -> Rule:
    """The rule of a NodeProto.

    Raises:
        NotInCaffe: there is none.
    """
    if node.domain not in OWN_DOMAINS:
        raise NotInCaffe(FOREIGN.format(node.domain))
    if node.op_type not in operations():
        raise NotInCaffe("no layer computes it")
    return _rules[node.op_type]


def operations() -> Sequence[str]:
    """All operations with a rule, sorted."""
    package = importlib.import_module(RULES_PACKAGE)
    for module in pkgutil.iter_modules(package.__path__, RULES_PACKAGE + "."):
        importlib.import_module(module.name)
    return sorted(_rules)
