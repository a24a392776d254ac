"""An .onnx file as a net with its weights, compared with the model it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caffepy.core.net import Net
from caffepy.errors import CaffeError, ConfigError
from caffepy.exchange import checking, onnx_library
from caffepy.exchange.files import Options
from caffepy.exchange.into import table, tidy
from caffepy.exchange.into.layers import Layers
from caffepy.exchange.into.model import Model
from caffepy.exchange.into.refused import NotInCaffe
from caffepy.exchange.into.step import Padded, Step
from caffepy.exchange.out import notes
from caffepy.proto import caffe_pb2, text


def read(path: Path, options: Options) -> tuple[Any, list[str]]:
    """The NetParameter of a model, its layers with their weights, and what is to be said.

    Raises:
        CaffeError: no such file, or no model. ConfigError: nodes that no layer computes, all at
            once. NumericError: the net gives other numbers.
    """
    model = _run(onnx_library.load(path), options.input_shape, path.stem)
    param, outputs, steps = convert(model, path.stem)
    told = _picture_rule(model.proto, param)
    if foreign := tidy.foreign_types(param):
        told.append(f"Types that the original Caffe does not have: {', '.join(foreign)}.")
    if options.check:
        told.append(compared(param, model, outputs, steps))
    return param, told


def _picture_rule(proto: Any, param: Any) -> list[str]:
    """Take over what a model that caffepy wrote notes of its pictures; what is to be said of it."""
    noted = {one.key: one.value for one in proto.metadata_props}
    if notes.MESSAGE not in noted:
        return []
    try:
        text.parse(noted[notes.MESSAGE], param.picture_param)
    except CaffeError:  # another program's word
        param.ClearField("picture_param")
        return []
    return [f"Input: {notes.sentence(param.picture_param)}."]


def _run(proto: Any, input_shape: Sequence[int], name: str) -> Model:
    """The model and what a run tells of it. Where it does not run, operations that are not ONNX's
    own are the likely reason."""
    try:
        return Model(proto, input_shape)
    except ConfigError:
        raise
    except CaffeError as error:
        own = table.OWN_DOMAINS
        strange = [(node, table.FOREIGN.format(node.domain)) for node in proto.graph.node
                   if node.domain not in own]
        if not strange:
            raise
        raise _unsaid(strange, name) from error


def convert(model: Model, name: str
            ) -> tuple[Any, dict[str, str], list[tuple[str, str, str]]]:
    """The net; its blobs by the model's outputs; and for each layer that ends a node the layer, its
    top and the node's output.

    Raises:
        ConfigError: nodes that no layer computes.
    """
    layers = Layers(name)
    values: dict[str, str | Padded] = {
        value: layers.input(value, shape) for value, shape in model.inputs.items()}
    unsaid: list[tuple[Any, str]] = []
    for node in model.nodes:
        step = Step(model, layers, node, values)
        try:
            made = table.find(node)(step)
        except NotInCaffe as reason:
            unsaid.append((node, str(reason)))
            made = [f"?{output}" for output in node.output]
        made = [made] if isinstance(made, str | Padded) else made
        values.update(zip(node.output, made, strict=False))
    if unsaid:
        raise _unsaid(unsaid, name)
    ends: dict[str, str] = {}
    for output in model.outputs:
        blob = _end(output, model, layers, values)
        if blob in (*ends.values(), *model.inputs):  # each output is a blob of its own
            blob = layers.add("Split", output, [blob])[0]
        ends[output] = blob
    outputs = tidy.tidied(layers.param, ends)
    made_by = {top: layer.name for layer in layers.param.layer for top in layer.top
               if layer.bottom and layer.top}
    blobs = {value: outputs.get(value, blob) for value, blob in values.items()
             if isinstance(blob, str)}
    steps = [(made_by[blob], blob, value) for value, blob in blobs.items() if blob in made_by]
    return layers.param, outputs, steps


def compared(param: Any, model: Model, outputs: dict[str, str],
             steps: list[tuple[str, str, str]]) -> str:
    """What is to be said of both on one input.

    Raises:
        NumericError: they differ.
    """
    net = Net(param, caffe_pb2.TEST)
    try:
        return checking.against_onnx(
            net, model.proto, outputs={blob: name for name, blob in outputs.items()}, steps=steps)
    finally:
        net.close()


def _end(name: str, model: Model, layers: Layers, values: dict[str, str | Padded]) -> str:
    """The blob of one of the model's outputs."""
    reader = onnx_library.onnx().helper.make_node("Identity", [name], [name])
    return Step(model, layers, reader, values).x


def _unsaid(found: list[tuple[Any, str]], name: str) -> ConfigError:
    error = ConfigError(
        "the model has nodes that cannot be said in Caffe", where=name, found=str(len(found)),
        fix="Export it without them.")
    error.more = "\n".join(f"    {node.op_type} '{node.name or node.output[0]}': {reason}"
                           for node, reason in found)
    return error
