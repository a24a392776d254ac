"""Data layers whose databases and lists are not there, as inputs of the same shape.

A net can then be built to show its shapes on a machine that has the prototxt alone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from caffepy.core import graph, known_part, traits
from caffepy.proto.paths import path_of


def stand_in(param: Any, input_shape: Sequence[int] = ()) -> tuple[list[str], list[str]]:
    """Replace such layers of a NetParameter in place.

    Args:
        input_shape: C x H x W; by default what the layer's settings and mean tell. With it, a layer
            of an unknown type that has no bottoms is one, too.

    Returns: what was assumed, and what is not known: then nothing stands in.
    """
    assumed, unknown = [], []
    for layer in param.layer:
        kind = traits.of(layer)
        if known_part.is_unknown(layer) and input_shape and layer.top and not layer.bottom:
            why = f"the type {layer.type} is not known"
            assumed.append(replace(layer, (1, *input_shape), why))
            continue
        if not (kind.data and kind.source_field):
            continue
        source = path_of(kind.reading(layer), kind.source_field)
        if os.path.exists(source):
            continue
        shape = tuple(input_shape) or kind.item_shape(layer)
        if not shape:
            unknown.append(
                f"layer '{layer.name}': {source} is not there and no crop_size is given, so "
                "no shapes are known; say -input_shape=C,H,W")
            continue
        whole = (kind.batch_size(layer) or 1, *shape)
        assumed.append(replace(layer, whole, f"{source} is not there"))
    return assumed, unknown


def replace(layer: Any, whole: tuple[int, ...], why: str) -> str:
    """Put an input of that shape in a layer's place; returns what is to be said about it."""
    kind = traits.of(layer)
    stand = graph.input_layer(layer.name, layer.top, [
        kind.further_shape(layer, whole, i) if i else whole for i in range(len(layer.top))])
    stand.include.extend(layer.include)
    layer.CopyFrom(stand)
    return f"layer '{layer.name}': {why}; taken as {' x '.join(map(str, whole))}"
