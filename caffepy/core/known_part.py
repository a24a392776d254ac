"""Nets with layers of types that nobody knows: refused, or built without them.

Who runs a net refuses it (``require``). Who shows it, or makes another of it, builds the part that
can be built; what comes behind the unknown layers has no known shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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


def refuse_slips(layers: Sequence[Any], source: Source | None = None) -> None:
    """For who shows a net as it is: a type like "Conv" is no type of somebody else's.

    Raises:
        ConfigError: as ``require``.
    """
    from caffepy.proto import hints

    names = registry.names()
    if any(is_unknown(layer) and hints.is_slip(layer.type, names) for layer in layers):
        require(layers, layers, source)


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


def require(kept: Iterable[Any], whole: Iterable[Any], source: Source | None,
            also: Sequence[tuple[str, ConfigError]] = ()) -> None:
    """Refuse a net with layers of unknown type; one error names all these types.

    Args:
        kept: the layers to build.
        whole: those of all phases, so that types unknown there are named, too.
        source: where they are written.
        also: what else is wrong with the net, each with its place in a list.

    Raises:
        ConfigError: the first such type; the others follow as a list.
    """
    strange = any(map(is_unknown, kept))
    if not strange and not also:
        return
    if strange and source is not None and source.unknown:
        source.unknown(also)
    from caffepy.proto import mistakes  # late, as all that errors alone need

    first: dict[str, tuple[str, ConfigError]] = {}
    times = Counter(layer.type for layer in whole)
    words: dict[str, dict[str, None]] = {}
    for layer in whole if strange else ():
        words.setdefault(layer.type, {}).update(dict.fromkeys(unknown.names(layer)))
    seen: Counter[str] = Counter()
    for layer in whole if strange else ():
        seen[layer.name] += 1
        if not is_unknown(layer) or layer.type in first:
            continue
        try:
            registry.get(layer.type)
        except ConfigError as error:
            if found := words[layer.type]:
                error.message += f", with {', '.join(found)}"
            if times[layer.type] > 1:
                error.message += f", {times[layer.type]} times"
            name = f"layer '{layer.name}'"
            lines = source.lines.get(layer.name, ()) if source else ()
            line = lines[seen[layer.name] - 1] if lines else None
            error.at(f"{source.path}:{line}, {name}" if source and line else name)
            first[layer.type] = (str(line or f"{name}:"), error)
    (_, told), *rest = [*first.values(), *also]
    more = [mistakes.listing(rest, str(told))] if rest else []
    if any(mistakes.is_missing(error) for _, error in first.values()):
        more.append(mistakes.WRITE_IT)
    told.more = "\n".join(more)
    raise told
