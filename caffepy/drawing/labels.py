"""What is written on layers and beside edges, in pycaffe's words."""

from __future__ import annotations

from typing import Any

from caffepy.core import traits
from caffepy.core.known_part import is_unknown
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

LEARNING = ("convolution", "inner product")  # the looks of layers with weights and biases
COLORS = {"convolution": "#FF5050", "pooling": "#FF9900", "inner product": "#CC33FF"}
LAYER_COLOR = "#6495ED"
IN_PLACE_COLOR = "#90EE90"
BLOB_COLOR = "#E0E0E0"


def pooling_types() -> dict[int, str]:
    """The number of each way to pool, and its name."""
    return {value.number: value.name
            for value in caffe_pb2.PoolingParameter.PoolMethod.DESCRIPTOR.values}


def layer_lines(layer: Any, display_lrm: bool = False) -> list[str]:
    """Name, type and what matters of the settings, a line each."""
    kind = traits.of(layer)
    lines = [layer.name, f"({' '.join(filter(None, (layer.type, kind.method(layer))))})"]
    if is_unknown(layer):
        lines.append("unknown type")
    window = kind.window(layer)
    if window and window.whole:
        lines.append("global")
    elif window and kind.look:
        lines += [f"kernel size: {window.text('kernel') or 1}",
                  f"stride: {window.text('stride')}", f"pad: {window.text('pad')}"]
    if display_lrm and kind.look in LEARNING:
        weights, bias = lr_mults(layer)
        if weights or bias:
            lines.append(f"lr mult: {weights:.1f}, {bias:.1f}")
    return lines


def color(type: str) -> str:
    """The colour of a layer by its type, unless it works in place."""
    return COLORS.get(traits.of(type).look, LAYER_COLOR)


def lr_mults(layer: Any) -> tuple[float, float]:
    """The multipliers of the rate for weights and biases, 1 where the prototxt has none.

    Raises:
        ConfigError: the layer is none that learns weights and biases, or has more of them.
    """
    if traits.of(layer).look not in LEARNING:
        raise ConfigError(f"{layer.type} layers do not have a learning rate multiplier",
                          where=f"layer '{layer.name}'",
                          allowed="convolutions and inner products")
    if len(layer.param) > 2:
        raise ConfigError("a layer of weights and biases has at most two param blocks",
                          where=f"layer '{layer.name}' ({layer.type})", found=len(layer.param))
    weights, bias = [*(param.lr_mult for param in layer.param), 1.0, 1.0][:2]
    return weights, bias


def edge_label(layer: Any) -> str:
    """The size of what a layer makes, as far as the prototxt alone tells; else empty."""
    kind = traits.of(layer)
    if batch := kind.batch_size(layer):
        return f"Batch {batch}"
    return str(kind.outputs(layer) or "") if kind.look in LEARNING else ""
