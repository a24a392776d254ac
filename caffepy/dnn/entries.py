"""A net's layers as OpenCV's importer counts and names them.

Layer 0, ``_input``, has all inputs as its outputs. The others are numbered from 1 in the file's
order. Where OpenCV makes several layers of one, or names them otherwise, opencv_types says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from caffepy.core import traits
from caffepy.dnn import opencv_types
from caffepy.errors import NotFound, did_you_mean

INPUT = "_input"


def distinct(names: Iterable[str]) -> list[str]:
    """Names that are there again with ``_1``, ``_2``... behind them, as OpenCV has them."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        found.append(f"{name}_{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


@dataclass(frozen=True)
class Pin:
    """An output of a layer: that of ``entry``, counted from 0."""

    entry: int
    output: int = 0


@dataclass(frozen=True)
class Entry:
    """One layer, as programs for cv2.dnn know it.

    Attributes:
        id, name, type: OpenCV's.
        place: which layer of the NetParameter it is, or is made of; None for ``_input``.
        bottoms: what it reads.
        tops: of the layer's tops those that are its outputs, by number; () where it is a step
            within the layer, of which nothing is seen.
    """

    id: int
    name: str
    type: str
    place: int | None
    bottoms: tuple[Pin, ...] = ()
    tops: tuple[int, ...] = (0,)


@dataclass
class Entries:
    """All entries of a net of the TEST phase.

    Attributes:
        inputs: the names of the inputs, in order.
        input_places: which layers of the NetParameter they are tops of.
    """

    inputs: list[str] = field(default_factory=list)
    input_places: list[int] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=lambda: [Entry(0, INPUT, "", None)])

    @classmethod
    def of(cls, param: Any) -> Entries:
        """The entries of a NetParameter whose layers have names of their own (``distinct``)."""
        found = cls()
        made: dict[str, Pin] = {}
        for place, layer in enumerate(param.layer):
            if traits.of(layer).waits:
                found.input_places.append(place)
                for top in layer.top:
                    made[top] = Pin(0, len(found.inputs))
                    found.inputs.append(top)
                continue
            for piece in opencv_types.pieces(layer):
                number = len(found.entries)
                bottoms = tuple(made[name] for name in piece.bottoms if name in made)
                found.entries.append(
                    Entry(number, piece.name, piece.type, place, bottoms, piece.tops))
                for output, top in enumerate(piece.tops):
                    made[layer.top[top]] = Pin(number, output)
                if layer.top and not piece.tops:  # the next step of this layer reads it
                    made[layer.top[0]] = Pin(number)
        return found

    def __iter__(self) -> Iterator[Entry]:
        """All but ``_input``."""
        return iter(self.entries[1:])

    def id_of(self, layer: str | int) -> int:
        """The number of a layer by its name, or by that number; -1 if there is none."""
        if isinstance(layer, str):
            return next((entry.id for entry in self.entries if entry.name == layer), -1)
        return int(layer) if 0 <= int(layer) < len(self.entries) else -1

    def get(self, layer: str | int) -> Entry:
        """The entry of a name or number.

        Raises:
            NotFound: there is none.
        """
        number = self.id_of(layer)
        if number < 0:
            names = [entry.name for entry in self]
            raise NotFound(f"there is no layer {layer!r} in the net",
                           allowed=None if isinstance(layer, str) else f"0 to {len(names)}",
                           fix=did_you_mean(layer, names) if isinstance(layer, str) else None)
        return self.entries[number]

    def unconnected(self) -> list[Entry]:
        """The layers of whose outputs no other layer reads any, by number."""
        read = {pin.entry for entry in self for pin in entry.bottoms}
        return [entry for entry in self if entry.id not in read]

    def outputs(self, entry: Entry) -> list[Pin]:
        """All outputs of a layer."""
        return [Pin(entry.id, output) for output in range(len(entry.tops))]
