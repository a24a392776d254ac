"""A built net as an ONNX model: each layer's rule in turn, then names, inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.errors import ConfigError
from caffepy.exchange import onnx_library
from caffepy.exchange.files import Options
from caffepy.exchange.out import notes, openness, table
from caffepy.exchange.out.graph import LEAST_OPSET, Graph
from caffepy.exchange.out.openness import Open
from caffepy.exchange.out.step import Step

PRODUCER = "caffepy"


@dataclass
class Exported:
    """A model, and how it belongs to its net.

    Attributes:
        model: the ModelProto.
        outputs: blob to the name of the model's output, the same but where that is an input's.
        steps: layer, top and value of all tops that are values of the graph, in order.
        open: what of its shapes may differ.
        told: what is to be said of its layers.
    """

    model: Any
    outputs: dict[str, str]
    steps: list[tuple[str, str, str]]
    open: Open
    told: list[str]


def export(net: Net, options: Options) -> Exported:
    """The ONNX model of a TEST net with its weights. Data layers are its inputs.

    Raises:
        ConfigError: layers that ONNX cannot say, all of them with reasons; an opset that is not
            known; nothing to give.
    """
    newest = onnx_library.newest_opset()
    if not LEAST_OPSET <= options.opset <= newest:
        raise ConfigError("the opset is not known here", found=options.opset,
                          allowed=f"{LEAST_OPSET} to {newest}")
    return _Exporter(net, options).run()


@dataclass
class _Exporter:
    net: Net
    options: Options
    graph: Graph = field(init=False)
    inputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)  # of each blob, as of now
    steps: list[tuple[str, str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    holds: dict[str, list[str]] = field(default_factory=dict)
    # values whose sizes hang on numbers: the axis, or None where it may be any
    counted: dict[str, int | None] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)  # of each blob, the last layer that writes

    def run(self) -> Exported:
        self.graph = Graph(self.options.opset, self.options.dynamic, self.net.blobs)
        self.last = {name: node.number for node in self.net.nodes for name in node.top_names}
        for node in self.net.nodes:
            if not node.bottoms and (node.layer.data or node.layer.opaque):
                self._feed(node)
            else:
                self._export(node)
        if self.refused:
            raise _refusal(self.net, self.refused)
        outputs = self._outputs()
        if not outputs:
            raise ConfigError("the net has no output", where=f"net '{self.net.name}'")
        self._prune(outputs.values())
        opened = openness.look(self.net, self.inputs, self.holds, self.options.dynamic)
        return Exported(self._model(outputs, opened), outputs, self.steps, opened, self.told)

    # -- layers ---------------------------------------------------------------------------

    def _feed(self, node: Node) -> None:
        for name, blob in node.named_tops:
            self.values[name] = self.graph.claim(name)
            self.inputs[name] = blob.shape

    def _export(self, node: Node) -> None:
        if not all(name in self.values for name in node.bottom_names):
            return  # behind a layer that was refused
        step = Step(self.graph, node, [self.values[name] for name in node.bottom_names])
        since = len(self.graph.nodes)
        try:
            found = table.find(node.layer.spec)(step)
        except table.NotInONNX as error:
            self.refused.append(f"layer '{node.layer.name}' ({node.layer.type}): {error}")
            return
        self.told += [f"Layer '{node.layer.name}': {said}." for said in step.told]
        for what in step.holds:
            self.holds.setdefault(what, []).append(node.layer.name)
        tops = [found] if isinstance(found, str) else list(found)
        for top, value in zip(node.top_names, tops, strict=False):
            value = self._called(value, top, node, since)
            self.values[top] = value
            self.steps.append((node.layer.name, top, value))
            if step.rows is not None:
                self.counted[value] = step.rows
            elif any(bottom in self.counted for bottom in step.bottoms):
                self.counted.setdefault(value, None)

    def _called(self, value: str, top: str, node: Node, since: int) -> str:
        """The value under the top's name, if this layer made it and it is the blob's last one."""
        if not self.graph.made_since(value, since):
            return value  # another layer's
        if self.last[top] == node.number and top not in self.inputs:
            return self.graph.rename(value, self.graph.claim(top), since)
        inner = self.graph.name(f"{top}/{_inner(node, top)}")
        return self.graph.rename(value, inner, since)

    def _outputs(self) -> dict[str, str]:
        """Blob to value. A blob that is an input, or a constant, is given as a copy."""
        found = {}
        for name in self.net.output_names:
            value = self.values.get(name)
            if value is None or (name in self.inputs and value == name):
                continue  # swallowed, or data that nobody reads
            if value != name:
                since = len(self.graph.nodes)
                copy = self.graph.node("Identity", [value], 1, f"{name}/copy")[0]
                copy = self.graph.rename(copy, self.graph.claim(name), since)
                self.steps.append((self._maker(name), name, copy))
                if value in self.counted:
                    self.counted[copy] = self.counted[value]
                value = copy
            found[name] = value
        return found

    def _maker(self, blob: str) -> str:
        return self.net.nodes[self.last[blob]].layer.name

    # -- the model ------------------------------------------------------------------------

    def _prune(self, outputs: Any) -> None:
        """Leave out nodes, constants and inputs that no output is made of."""
        needed, kept = set(outputs), []
        for node in reversed(self.graph.nodes):
            if needed.intersection(node.output):
                kept.append(node)
                needed.update(_read(node))
        self.graph.nodes[:] = kept[::-1]
        self.graph.constants = {n: a for n, a in self.graph.constants.items() if n in needed}
        self.inputs = {n: s for n, s in self.inputs.items() if n in needed}
        made = needed.union(self.inputs)
        self.steps = [step for step in self.steps if step[2] in made]

    def _model(self, outputs: dict[str, str], opened: Open) -> Any:
        onnx = onnx_library.onnx()
        helper, number = onnx.helper, Graph.FLOAT
        inputs = [helper.make_tensor_value_info(name, number, opened.dims(name, shape))
                  for name, shape in self.inputs.items()]
        made = [helper.make_tensor_value_info(value, number, self._dims(blob, value, opened))
                for blob, value in outputs.items()]
        constants = [onnx.numpy_helper.from_array(array, name)
                     for name, array in self.graph.constants.items()]
        graph = helper.make_graph(self.graph.nodes, self.net.name or "net", inputs, made,
                                  initializer=constants)
        opsets = [helper.make_opsetid("", self.options.opset)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name=PRODUCER,
                                  ir_version=helper.find_min_ir_version_for(opsets))
        helper.set_model_props(model, notes.of(self.net.param))
        return model

    def _dims(self, blob: str, value: str, opened: Open) -> list[int | str]:
        """The shape of an output, with words in place of sizes that are not known."""
        dims = opened.dims(blob, self.net.blobs[blob].shape)
        if value in self.counted:
            axis = self.counted[value]
            dims = [f"{blob}_{i}" if axis in (None, i) else dim for i, dim in enumerate(dims)]
        return dims


def _inner(node: Node, top: str) -> str:
    """What tells a value of a blob that later layers change in place from the last one."""
    name = node.layer.name
    return str(node.layer.type) if name == top else name


def _read(node: Any) -> Iterator[str]:
    """The values that a node reads, by graphs within it, too."""
    yield from node.input
    for attribute in node.attribute:
        for inner in attribute.g.node:
            yield from _read(inner)


def _refusal(net: Net, lines: Sequence[str]) -> ConfigError:
    count = "1 layer has" if len(lines) == 1 else f"{len(lines)} layers have"
    error = ConfigError(f"{count} no place in an ONNX model", where=f"net '{net.name}'",
                        fix="docs/convert.md lists what has none.")
    error.more = "\n".join(f"  {line}" for line in lines)
    return error
