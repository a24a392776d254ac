"""Inputs of old nets, ``input: "data"`` and shapes at the top of a file, as an Input layer."""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core import graph
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

FIELDS = ("input", "input_dim", "input_shape")
AXES = 4  # that input_dim gives to each input: N x C x H x W


def upgrade_input(param: caffe_pb2.NetParameter, path: str) -> list[str]:
    """Inputs of the net become the tops of one Input layer, before all others.

    As for the original input_dim counts only without an input_shape, shapes beyond the inputs do
    nothing, and inputs of a net without any shape are left out: layers may make these blobs.

    Returns: what is left out, for the log.

    Raises:
        ConfigError: an input without its shape.
    """
    names = list(param.input)
    shaped = bool(param.input_shape)
    dims = [list(shape.dim) for shape in param.input_shape]
    if not shaped:
        dims = [list(param.input_dim[i : i + AXES]) for i in range(0, len(param.input_dim), AXES)]
    left_out = []
    if not dims:
        if lacking := _read(param, names):
            raise _shapeless(param, path, lacking)
        left_out.append(f"input {', '.join(map(repr, names))} has no shape, and is left out")
    elif len(dims) < len(names) or not shaped and any(
            len(d) != AXES for d in dims[: len(names)]):
        raise _shapeless(param, path, [
            name for i, name in enumerate(names)
            if i >= len(dims) or not shaped and len(dims[i]) != AXES])
    elif len(dims) > len(names):
        left_out.append("there are more shapes than inputs; the last ones do nothing")
    if shaped and param.input_dim:
        left_out.append("input_dim does nothing beside input_shape")
    layers = list(param.layer)
    if dims:
        layers.insert(0, graph.input_layer("input", names, dims[: len(names)]))
    param.ClearField("layer")
    param.layer.extend(layers)
    for field in FIELDS:
        param.ClearField(field)
    return left_out


def _read(param: caffe_pb2.NetParameter, names: Sequence[str]) -> list[str]:
    """Which of the names a layer reads before one makes them."""
    made: set[str] = set()
    found = []
    for layer in param.layer:
        found += [name for name in names if name in layer.bottom and name not in made]
        made.update(layer.top)
    return list(dict.fromkeys(found))


def _shapeless(param: caffe_pb2.NetParameter, path: str, lacking: Sequence[str]) -> ConfigError:
    count, shapes = len(param.input_dim), len(param.input_shape)
    example = "dim: 1 dim: 3 dim: 224 dim: 224"
    if len(param.input) == 1 and 0 < count != AXES:
        example = " ".join(f"dim: {extent}" for extent in param.input_dim)
    fix = f"Write input_shape {{ {example} }}, with your numbers, for each input."
    if shapes and count:
        fix += " Beside one input_shape no input_dim counts."
    several = "s" if len(param.input) > 1 else ""
    return ConfigError(
        f"each input needs its shape: {AXES} input_dim, or one input_shape. "
        f"{', '.join(map(repr, lacking))} has none",
        where=path or None,
        found=f"{len(param.input)} input{several}, {count} input_dim, {shapes} input_shape",
        fix=fix,
    )
