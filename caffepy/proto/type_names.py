"""What layer types there are, for who reads prototxt and cannot ask the registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from caffepy.proto import caffe_pb2


@dataclass(frozen=True)
class TypeNames:
    """What layer types are called; ``core.registry.names`` knows.

    Attributes:
        params: each type (and alias), and the field of LayerParameter with its own message.
        v1: the type that V1's enum calls so.
        v0: the type that the oldest format calls so.
        foreign: the types of plug-ins, whose layers may have words of their own.
    """

    params: dict[str, str | None] = field(default_factory=dict)
    v1: dict[str, str] = field(default_factory=dict)
    v0: dict[str, str] = field(default_factory=dict)
    foreign: frozenset[str] = frozenset()

    def of(self, layer: Any) -> str:
        """The type of a layer of either format, as it is called today."""
        if isinstance(layer, caffe_pb2.LayerParameter):
            return layer.type
        name = (layer.unknown_type
                or caffe_pb2.V1LayerParameter.LayerType.Name(layer.type))
        return self.v1.get(name, name)


    def lacks(self, layer: Any) -> bool:
        """Whether a layer of either format, or None, has a type, and nobody knows it."""
        if layer is None or not self.params:
            return False
        if isinstance(layer, caffe_pb2.LayerParameter):
            return bool(layer.type) and layer.type not in self.params
        return bool(layer.unknown_type) and self.of(layer) not in self.params
