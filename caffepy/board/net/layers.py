"""What is known of one layer, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caffepy.board.net.looking import Looked
from caffepy.proto.text import to_text

MOST_TEXT = 20000  # characters of a layer's settings


@dataclass(frozen=True)
class Tensor:
    """A blob: its name, and its shape in words."""

    name: str
    shape: str


@dataclass(frozen=True)
class Facts:
    """A layer.

    Attributes:
        params, multiply_adds, memory: as in services.summary; None where not known.
        prototxt: what its file says of it.
        learns: whether it has parameters.
    """

    name: str
    type: str
    detail: str
    bottoms: list[Tensor]
    tops: list[Tensor]
    params: int | None
    multiply_adds: int | None
    memory: int | None
    prototxt: str
    learns: bool


def facts(looked: Looked, name: str) -> Facts | None:
    """Of a layer; None if the net has none of this name."""
    layer, row = looked.layer(name), looked.row(name)
    if layer is None or row is None:
        return None
    return Facts(name, row.type, row.detail, tensors(looked, row.bottoms),
                 tensors(looked, row.tops), row.params, row.multiply_adds, row.memory,
                 _settings(layer), name in looked.learning)


def tensors(looked: Looked, names: list[str]) -> list[Tensor]:
    """Blobs by name, with their shapes."""
    return [Tensor(name, in_words(looked.shapes.get(name))) for name in names]


def in_words(shape: tuple[int, ...] | None) -> str:
    """Such as 64 x 20 x 24 x 24."""
    if shape is None:
        return "?"
    return " x ".join(map(str, shape)) or "one number"


def _settings(layer: Any) -> str:
    """The layer as prototxt, without its weights."""
    copy = type(layer)()
    copy.CopyFrom(layer)
    copy.ClearField("blobs")
    text = to_text(copy)
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "\n..."
