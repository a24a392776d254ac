"""What the records of a data layer are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from caffepy.core.layer import Layer
from caffepy.services import work


@runtime_checkable
class Named(Protocol):
    """A layer that knows it."""

    def called(self, numbers: Sequence[int]) -> list[str]: ...


def record_names(layer: Layer, numbers: Sequence[int]) -> list[str]:
    """The names of these records; "" for those without one."""
    if layer.opaque or not isinstance(layer, Named):
        return [""] * len(numbers)
    with work.quiet():
        return layer.called(numbers)
