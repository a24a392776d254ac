"""One layer, as the rules see it that say its line in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from caffepy.core.memory import Place
from caffepy.core.node import Node

Array = np.ndarray[Any, Any]


class Line:
    """A layer with the variables that hold its bottoms.

    Attributes:
        layer, p: the layer, built and reshaped, and its type's message.
        bottoms: the variables; ``x`` is the first.
        shapes, top_shapes: of bottoms and tops.
        attributes: lines for __init__. state: entries of the state dict. helpers: name to text of
            what the file defines above the class.
    """

    def __init__(self, node: Node, bottoms: Sequence[str], attribute: Callable[[str], str]
                 ) -> None:
        self.node = node
        self.layer: Any = node.layer
        self.p: Any = node.layer.p
        self.bottoms = list(bottoms)
        self.shapes = [blob.shape for blob in node.bottoms]
        self.top_shapes = [blob.shape for blob in node.tops]
        self.attributes: list[str] = []
        self.state: dict[str, Array] = {}
        self.helpers: dict[str, str] = {}
        self._attribute = attribute

    @property
    def x(self) -> str:
        return self.bottoms[0]

    @property
    def axes(self) -> int:
        """How many the first bottom has."""
        return len(self.shapes[0])

    def numbers(self, index: int) -> Array:
        """A parameter's."""
        return np.array(self.layer.blobs[index].values.read(Place.HOST))

    def module(self, made: str, state: Mapping[str, Array]) -> str:
        """An attribute of the module, ``self.conv1``, that is made so, with these entries of the
        state dict below it."""
        attribute = self._attribute(self.layer.name)
        self.attributes.append(f"self.{attribute} = {made}")
        self.state.update((f"{attribute}.{word}", array) for word, array in state.items())
        return f"self.{attribute}"

    def parameter(self, array: Array, word: str = "") -> str:
        """An attribute that is a learned array."""
        attribute = self._attribute(f"{self.layer.name}_{word}" if word else self.layer.name)
        self.attributes.append(
            f"self.{attribute} = nn.Parameter(torch.zeros({', '.join(map(str, array.shape))}))"
            if array.shape else f"self.{attribute} = nn.Parameter(torch.zeros(()))")
        self.state[attribute] = array
        return f"self.{attribute}"


def size(values: Sequence[int]) -> str:
    """Sizes of windows in a word: one number where all are the same."""
    return str(values[0]) if len(set(values)) == 1 else f"({', '.join(map(str, values))})"


def number(value: float) -> str:
    """A float32 as few digits as tell it from its neighbours."""
    return str(np.float32(value)) if np.isfinite(value) else f'float("{value}")'


def call(function: str, *words: str) -> str:
    """A call, without arguments that are ""."""
    return f"{function}({', '.join(word for word in words if word)})"
