"""The part of a net that can be built though nobody knows the types of some layers.

Who shows a net, or makes another of it, builds that part; what comes behind the unknown layers has
no known shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from caffepy.core import registry
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2, unknown
from caffepy.proto.text import Source


@dataclass
class Part:
    """A net without its unknown layers and all that reads what they make.

    Attributes:
        param: the NetParameter to build.
        unknown: the layers of unknown types, in order.
        hidden: the blobs whose shapes nobody knows.
    """

    param: Any
    unknown: list[Any] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)


def known_part(param: Any) -> Part:
    """The part of a filtered net that can be built.

    A layer that works in place gives its blob the shape that it had, so what follows it stays.
    """
    part = Part(caffe_pb2.NetParameter())
    part.param.CopyFrom(param)
    del part.param.layer[:]
    for layer in param.layer:
        if is_unknown(layer):
            part.unknown.append(layer)
            part.hidden.update(set(layer.top) - set(layer.bottom))
        elif part.hidden.intersection(layer.bottom):
            part.hidden.update(layer.top)
        else:
            part.hidden.difference_update(layer.top)
            part.param.layer.add().CopyFrom(layer)
    return part


def is_unknown(layer: Any) -> bool:
    """Whether nobody knows the layer's type."""
    return not registry.known(layer.type)


def told(layers: Sequence[Any], source: Source | None = None) -> list[str]:
    """What is to be said about layers of unknown types: a sentence for each type, with the words
    that the schema does not have."""
    said: list[str] = []
    for type in dict.fromkeys(layer.type for layer in layers):
        same = [layer for layer in layers if layer.type == type]
        try:
            registry.get(type)
        except ConfigError as error:
            words = dict.fromkeys(word for layer in same for word in unknown.names(layer))
            given = f", with {', '.join(words)}" if words else ""
            often = f", {len(same)} times" if same[1:] else ""
            name = f"layer '{same[0].name}'"
            where = f"{source.where(same[0].name)}, {name}" if source else name
            error.message = f"{error.message}{given}{often}"
            said.append(str(error.at(where)))
    return said
