"""Runs what is asked of a net, and no more: a part of it for each set of outputs.

All parts have the parameters in common. Each is built as the command's nets are, layers running as
one where they can.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.core.context import Context
from caffepy.core.layer import Layer
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.dnn import found_rows
from caffepy.dnn.cutting import cut
from caffepy.dnn.entries import Entries, Entry, Pin
from caffepy.errors import ShapeError
from caffepy.proto import caffe_pb2
from caffepy.proto.text import Source

Array = NDArray[Any]
Shape = tuple[int, ...]


class Part:
    """A net that has some outputs readable.

    Attributes:
        blobs: the name of each such output's blob.
    """

    def __init__(self, param: Any, blobs: dict[Pin, str], source: Source | None, context: Context
                 ) -> None:
        self.net = Net((param, source), caffe_pb2.TEST, context=context, label="dnn",
                       optimize=True)
        self.blobs = blobs
        self.makers = {name: node for node in self.net.nodes for name in node.top_names}

    def give(self, inputs: Mapping[str, Array]) -> None:
        """Write the inputs, whatever their shapes."""
        for name, values in inputs.items():
            blob = self.net.blob(name)
            blob.reshape(*values.shape)
            blob.values.overwrite(Place.HOST)[...] = values

    def run(self, pins: Sequence[Pin]) -> list[Array]:
        """Run the layers up to the last that is needed; copies of these outputs."""
        nodes = [self.makers[self.blobs[pin]] for pin in pins]
        self.net.forward_range(0, max(node.number for node in nodes))
        return [self.read(node, self.blobs[pin]) for node, pin in zip(nodes, pins, strict=True)]

    def read(self, node: Node, name: str) -> Array:
        """A copy of a blob."""
        values = self.net.blobs[name].values.read(Place.HOST).copy()
        return found_rows.padded(values, node) if node.layer.detects else values


class Runner:
    """A net's inputs, parameters and parts.

    Args:
        param: the NetParameter of the TEST phase, without splits.
        source: where it is written, for errors.
    """

    def __init__(self, param: Any, source: Source | None, entries: Entries, context: Context
                 ) -> None:
        self.param, self.source = param, source
        self.entries, self.context = entries, context
        self.inputs: dict[str, Array] = {}
        self._shapes: dict[tuple[Shape, ...], dict[str, list[Shape]]] = {}
        self.parts: dict[frozenset[Pin], Part] = {}
        self.whole = self._whole()

    def _whole(self) -> Part:
        ends = [pin for entry in self.entries.unconnected() for pin in self.entries.outputs(entry)]
        return self._part(ends, every=True)

    def _part(self, pins: Sequence[Pin], every: bool = False) -> Part:
        return Part(*cut(self.param, self.entries, pins, every), self.source, self.context)

    def part(self, pins: Sequence[Pin]) -> Part:
        """The net in which these outputs can be read."""
        if all(pin in self.whole.blobs for pin in pins):
            return self.whole
        key = frozenset(pins)
        if key not in self.parts:
            part = self._part(pins)
            part.net.share_trained_layers(self.whole.net)
            self.parts[key] = part
        return self.parts[key]

    def forward(self, pins: Sequence[Pin]) -> list[Array]:
        """These outputs, for the inputs as they are."""
        part = self.part(pins)
        part.give(self.inputs)
        return part.run(pins)

    def layer(self, entry: Entry) -> Layer | None:
        """The layer that has an entry's parameters; None if there is none, as for ``_input``."""
        if entry.place is None or not entry.tops:
            return None
        return self.whole.net.layer(self.param.layer[entry.place].name)

    def shapes(self, inputs: Sequence[Shape]) -> dict[str, list[Shape]]:
        """What shapes the tops of each layer would have, by its name, for inputs of these shapes.

        Raises:
            ShapeError: another number of shapes than the net has inputs, or none that fit.
        """
        names = self.entries.inputs
        if len(inputs) != len(names):
            raise ShapeError("there must be a shape for each input",
                             where=f"net '{self.param.name}'", found=f"{len(inputs)} shapes",
                             allowed=f"{len(names)}: {', '.join(names)}")
        if (known := self._shapes.get(tuple(inputs))) is not None:
            return known
        net = self.whole.net
        for name, shape in zip(names, inputs, strict=True):
            net.blob(name).reshape(*shape)
        net.reshape()
        found = {node.layer.name: [found_rows.shape(top.shape, node) if node.layer.detects
                                   else top.shape for top in node.tops] for node in net.nodes}
        self._shapes[tuple(inputs)] = found
        return found

    def times(self) -> dict[int | None, float]:
        """Seconds of each layer, by its place, in a pass of its own over the inputs."""
        part, started, found = self.whole, [0.0], dict[str, float]()

        def before(number: int) -> None:
            started[0] = time.perf_counter()

        def after(number: int) -> None:
            found[part.net.nodes[number].layer.name] = time.perf_counter() - started[0]

        part.give(self.inputs)
        part.net.before_forward.append(before)
        part.net.after_forward.append(after)
        try:
            part.net.forward()
        finally:
            part.net.before_forward.remove(before)
            part.net.after_forward.remove(after)
        return {place: found.get(layer.name, 0.0) for place, layer in enumerate(self.param.layer)}

    def move(self, context: Context) -> None:
        """Compute elsewhere from now on, with the same parameters."""
        old = self.whole.net
        self.context, self.parts = context, {}
        self.whole = self._whole()
        for layer, before in zip(self.whole.net.layers, old.layers, strict=True):
            for blob, source in zip(layer.blobs, before.blobs, strict=True):
                blob.values.overwrite(Place.HOST)[...] = source.values.read(Place.HOST)
        old.close()


def as_input(blob: Any) -> Array:
    """A float32 array of what programs give as an input: an array of any type, or a UMat."""
    array = blob.get() if hasattr(blob, "get") and not isinstance(blob, np.ndarray) else blob
    return np.ascontiguousarray(array, np.float32)
