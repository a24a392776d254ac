"""What is written on layers and beside edges, in pycaffe's words."""

from __future__ import annotations

from typing import Any

from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

CONVOLUTIONS = ("Convolution", "Deconvolution")
LEARNING = (*CONVOLUTIONS, "InnerProduct")
COLORS = {"Convolution": "#FF5050", "Deconvolution": "#FF5050", "Pooling": "#FF9900",
          "InnerProduct": "#CC33FF"}  # fmt: skip
LAYER_COLOR = "#6495ED"
IN_PLACE_COLOR = "#90EE90"
BLOB_COLOR = "#E0E0E0"


def pooling_types() -> dict[int, str]:
    """The number of each way to pool, and its name."""
    return {value.number: value.name
            for value in caffe_pb2.PoolingParameter.PoolMethod.DESCRIPTOR.values}


def layer_lines(layer: Any, display_lrm: bool = False) -> list[str]:
    """Name, type and what matters of the settings, a line each."""
    kind = layer.type
    if kind == "Pooling":
        kind += f" {pooling_types()[layer.pooling_param.pool]}"
    lines = [layer.name, f"({kind})"]
    if layer.type == "Pooling" and layer.pooling_param.global_pooling:
        lines.append("global")
    elif layer.type in (*CONVOLUTIONS, "Pooling"):
        lines += window_words(layer)
    if display_lrm and layer.type in LEARNING:
        weights, bias = lr_mults(layer)
        if weights or bias:
            lines.append(f"lr mult: {weights:.1f}, {bias:.1f}")
    return lines


def window_words(layer: Any) -> list[str]:
    """Kernel size, stride and pad of a convolution or pooling."""
    p = layer.pooling_param if layer.type == "Pooling" else layer.convolution_param

    def size(field: str, side: str, default: int) -> str:
        if p.HasField(f"{side}_h") or p.HasField(f"{side}_w"):
            return f"{getattr(p, f'{side}_h')}x{getattr(p, f'{side}_w')}"
        value = getattr(p, field)
        if isinstance(value, int):
            return str(value)
        return "x".join(map(str, value)) if len(set(value)) > 1 else str([*value, default][0])

    words = [f"kernel size: {size('kernel_size', 'kernel', 1)}",
             f"stride: {size('stride', 'stride', 1)}", f"pad: {size('pad', 'pad', 0)}"]
    return words


def lr_mults(layer: Any) -> tuple[float, float]:
    """The multipliers of the rate for weights and biases, 1 where the prototxt has none.

    Raises:
        ConfigError: the layer is none that learns weights and biases, or has more of them.
    """
    if layer.type not in LEARNING:
        raise ConfigError(f"{layer.type} layers do not have a learning rate multiplier",
                          where=f"layer '{layer.name}'", allowed=", ".join(LEARNING))
    if len(layer.param) > 2:
        raise ConfigError("a layer of weights and biases has at most two param blocks",
                          where=f"layer '{layer.name}' ({layer.type})", found=len(layer.param))
    weights, bias = [*(param.lr_mult for param in layer.param), 1.0, 1.0][:2]
    return weights, bias


def edge_label(layer: Any) -> str:
    """The size of what a layer makes, as far as the prototxt alone tells; else empty."""
    if layer.type == "Data":
        return f"Batch {layer.data_param.batch_size}"
    if layer.type in CONVOLUTIONS:
        return str(layer.convolution_param.num_output)
    if layer.type == "InnerProduct":
        return str(layer.inner_product_param.num_output)
    return ""
