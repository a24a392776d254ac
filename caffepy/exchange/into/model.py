"""An ONNX model with all that a run of it tells: shapes, and which values are constants.

What hangs on no input is a constant, however long the chain of nodes that computes it: shapes count
as constants, since those of the inputs are fixed. So nothing has to be known of Shape, Gather, Cast
and their like but their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.errors import CaffeError, ConfigError
from caffepy.exchange import onnx_library

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]

OPSETS = range(7, 22)
DRAWN = ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial",
         "Bernoulli")
SEED = 1701


class Model:
    """A ModelProto and one run of it.

    Attributes:
        proto: the model, its inputs of fixed shapes. It is the one that was given, changed.
        opset: the version of ONNX's own operations.
        inputs: name to shape.
        outputs: the names.
        nodes: those whose outputs hang on an input, in order.
        constants: the values that hang on none.
        shapes: of all values.

    Args:
        input_shape: for inputs whose sizes the model leaves open; one open batch is 1.

    Raises:
        ConfigError: an open size, or an opset that is too old or too new. CaffeError: the model
            does not run.
    """

    def __init__(self, proto: Any, input_shape: Sequence[int] = ()) -> None:
        onnx = onnx_library.onnx()
        self.proto = proto
        graph = proto.graph
        self.opset = next((one.version for one in proto.opset_import
                           if one.domain in ("", "ai.onnx")), 0)
        if self.opset not in OPSETS:
            raise ConfigError("the model's opset is not read", found=self.opset,
                              allowed=f"{OPSETS[0]} to {OPSETS[-1]}",
                              fix="onnx.version_converter brings models to another.")
        self.constants: dict[str, Array] = {
            one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
        given = [one for one in graph.input if one.name not in self.constants]
        self.inputs: dict[str, Shape] = {
            one.name: _fixed(one, input_shape) for one in given}
        self.outputs = [one.name for one in graph.output]
        self.makers: dict[str, Any] = {
            name: node for node in graph.node for name in node.output if name}
        fixed = self._constant_nodes()
        self.nodes = [node for node in graph.node if id(node) not in fixed]
        examples = _examples(given, self.inputs)
        try:
            self.shapes = self._run(examples, fixed)
        except CaffeError:  # numbers that are boxes or places may be what no random ones are
            zeros = {name: np.zeros_like(array) for name, array in examples.items()}
            self.shapes = self._run(zeros, fixed)

    def readers(self, value: str) -> list[str]:
        """The operations that read a value."""
        return [node.op_type for node in self.proto.graph.node if value in node.input]

    def _constant_nodes(self) -> set[int]:
        """The nodes whose outputs hang on no input."""
        known, found = set(self.constants), set()
        for node in self.proto.graph.node:
            inside = any(one.HasField("g") or one.graphs for one in node.attribute)
            free = node.op_type in ("Shape", "Size") or (
                node.op_type not in DRAWN and known.issuperset(filter(None, node.input)))
            if free and not inside:  # a graph in a node may read any value
                found.add(id(node))
                known.update(node.output)
        return found

    def _run(self, inputs: dict[str, Array], fixed: set[int]) -> dict[str, Shape]:
        """Run the model on some input, and keep the constants and all shapes."""
        outputs = self.proto.graph.output
        wanted = list(self.makers)
        for name in wanted:
            if name not in self.outputs:
                outputs.add().name = name
        try:
            _, run = onnx_library.runtime(self.proto)
        finally:
            del outputs[len(self.outputs):]
        values = dict(zip(wanted, run(wanted, inputs), strict=True))
        for node in self.proto.graph.node:
            if id(node) in fixed:
                self.constants.update((name, np.asarray(values[name]))
                                      for name in node.output if name)
        known = {**self.constants, **values, **inputs}
        return {name: tuple(np.shape(array)) for name, array in known.items()}


def _fixed(value: Any, input_shape: Sequence[int]) -> Shape:
    """The shape of a graph's input, written into it where it was open."""
    kind = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not kind.HasField("shape"):
        raise ConfigError("an input without a shape", where=f"input '{value.name}'",
                          fix="Export the model with the shapes of its inputs.")
    dims = kind.shape.dim
    if input_shape and len(input_shape) == len(dims):
        for dim, size in zip(dims, input_shape, strict=True):
            dim.dim_value = size
    if dims and not dims[0].HasField("dim_value"):
        dims[0].dim_value = 1
    for dim in dims:
        if not dim.HasField("dim_value") or dim.dim_value < 1:
            found = [str(one.dim_value or one.dim_param or "?") for one in dims]
            raise ConfigError("a size of the input is open, and a net's is not",
                              where=f"input '{value.name}'", found=" x ".join(found),
                              fix="Give its shape: -input_shape N,C,H,W.")
    return tuple(dim.dim_value for dim in dims)


def _examples(given: Sequence[Any], shapes: dict[str, Shape]) -> dict[str, Array]:
    """Numbers for the inputs, of the types that the model wants."""
    helper = onnx_library.onnx().helper
    random, found = np.random.default_rng(SEED), {}
    for value in given:
        kind = np.dtype(helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type))
        if kind.kind not in "fiub":
            raise CaffeError("a net's inputs are numbers", where=f"input '{value.name}'",
                             found=str(kind))
        shape = shapes[value.name]
        found[value.name] = (random.standard_normal(shape) if kind.kind == "f" else
                             random.integers(0, 2, shape)).astype(kind)
    return found
