"""An ONNX graph in the making: names, constants, nodes, and what differs between opsets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from caffepy.exchange import onnx_library

Array = np.ndarray[Any, Any]

LEAST_OPSET = 13  # from here on Softmax has Caffe's meaning, and axes are inputs
LARGEST_SHARED = 64  # numbers of a constant that is looked for among those that are there


class Graph:
    """Nodes and constants, each with a name that nothing else has.

    Args:
        opset: the version of ONNX's operations.
        dynamic: batch and size may differ from those at hand; rules keep to what holds then, or say
            that they do not.
        reserved: names of blobs, which ``claim`` gives.

    Attributes:
        nodes: NodeProtos, in order.
        constants: name to array, the initializers.
    """

    FLOAT, INT64 = 1, 7  # TensorProto's numbers of types

    def __init__(self, opset: int, dynamic: bool = False, reserved: Iterable[str] = ()) -> None:
        self.opset = opset
        self.dynamic = dynamic
        self.nodes: list[Any] = []
        self.constants: dict[str, Array] = {}
        self.helper = onnx_library.onnx().helper
        self._reserved = set(reserved)
        self._taken = set(self._reserved)
        self._known: dict[Any, str] = {}

    def name(self, wanted: str) -> str:
        """The name, or if it is taken the same with a number."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name

    def claim(self, blob: str) -> str:
        """The name of a blob, for one value; for another, one like it."""
        if blob in self._reserved:
            self._reserved.remove(blob)
            return blob
        return self.name(blob)

    def constant(self, values: Any, name: str = "constant", key: Any = None) -> str:
        """The name of an initializer with these numbers; floats are stored as float32.

        Args:
            key: what else it is known by: parameters that layers share are stored once.
        """
        array = np.asarray(values)
        if array.dtype.kind == "f":
            array = array.astype(np.float32, copy=False)
        elif array.dtype.kind in "iu":
            array = array.astype(np.int64, copy=False)
        if key is None and array.size <= LARGEST_SHARED:
            key = (array.dtype.str, array.shape, array.tobytes())
        if key in self._known:
            return self._known[key]
        found = self.name(name)
        self.constants[found] = np.ascontiguousarray(array).reshape(array.shape)
        if key is not None:
            self._known[key] = found
        return found

    def node(self, operation: str, inputs: Sequence[str], outputs: int, name: str,
             **attributes: Any) -> list[str]:
        """Add a node; returns the names of its outputs."""
        made = [self.name(name if outputs == 1 else f"{name}_{i}") for i in range(outputs)]
        self.nodes.append(self.helper.make_node(
            operation, list(inputs), made, name=made[0] if made else name, **attributes))
        return made

    def inside(self, build: Callable[[], Sequence[str]]) -> tuple[list[Any], list[str]]:
        """The nodes that ``build`` adds, for a graph within this one, and the values that it gives,
        each of a node of its own."""
        outer, self.nodes = self.nodes, []
        try:
            made = [self.node("Identity", [value], 1, value)[0] for value in build()]
            return self.nodes, made
        finally:
            self.nodes = outer

    def made_since(self, value: str, since: int) -> bool:
        """Whether one of the nodes from ``since`` on gives the value."""
        return any(value in node.output for node in self.nodes[since:])

    def rename(self, value: str, name: str, since: int) -> str:
        """Let a value that nodes before ``since`` do not know have this name; returns it."""
        for node in self.nodes[since:]:
            for ends in (node.input, node.output):
                ends[:] = [name if end == value else end for end in ends]
        return name
