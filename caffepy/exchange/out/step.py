"""One layer on its way into ONNX: what a rule sees of it, and with what it builds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from caffepy.core.memory import Place
from caffepy.core.node import Node
from caffepy.exchange.out.graph import Graph

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]

BATCH, SIZE = "batch", "size"
AXES_AS_INPUT = {"ReduceSum": 13, "ReduceMean": 18, "ReduceMax": 18, "ReduceL1": 18,
                 "ReduceL2": 18, "ReduceSumSquare": 18, "ReduceProd": 18}  # since which opset


class Step:
    """A layer with the values of its bottoms. Called, it adds a node:

        y = step("Mul", step.x, 0.5)

    Inputs are names of values; arrays and numbers, which become constants (a list of ints int64);
    or None for one that is left out.

    Attributes:
        layer, p: the layer, built and reshaped, and its type's message.
        bottoms: the values of its bottoms; ``x`` is the first.
        shapes, top_shapes: of bottoms and tops, as they are at hand.
        holds: "batch" or "size", if the nodes hold for the present one alone.
        rows: the axis of the tops whose size hangs on numbers, not on shapes alone; rules set it.
        told: what is to be said about the layer, a sentence each.
    """

    rows: int | None = None

    def __init__(self, graph: Graph, node: Node, bottoms: Sequence[str]) -> None:
        self.graph = graph
        self.node = node
        self.layer: Any = node.layer
        self.p: Any = node.layer.p
        self.bottoms = list(bottoms)
        self.shapes: list[Shape] = [blob.shape for blob in node.bottoms]
        self.top_shapes: list[Shape] = [blob.shape for blob in node.tops]
        self.holds: set[str] = set()
        self.told: list[str] = []

    @property
    def x(self) -> str:
        return self.bottoms[0]

    @property
    def axes(self) -> int:
        """How many the first bottom has."""
        return len(self.shapes[0])

    @cached_property
    def tops(self) -> int:
        return len(self.node.tops)

    def __call__(self, operation: str, *inputs: Any, **attributes: Any) -> str:
        """Add a node of one output."""
        return self.several(operation, 1, *inputs, **attributes)[0]

    def several(self, operation: str, outputs: int, *inputs: Any, **attributes: Any) -> list[str]:
        """Add a node of several outputs."""
        return self.graph.node(operation, [self.value(each) for each in inputs], outputs,
                               f"{self.layer.name}/{operation}", **attributes)

    def value(self, given: Any) -> str:
        """The name of a value: its own, or that of a constant."""
        if given is None:
            return ""
        if isinstance(given, str):
            return given
        return self.graph.constant(np.asarray(given), f"{self.layer.name}/constant")

    # -- parameters -----------------------------------------------------------------------

    def numbers(self, index: int) -> Array:
        """A parameter's, not to be changed."""
        return np.asarray(self.layer.blobs[index].values.read(Place.HOST), np.float32)

    def weight(self, index: int, shape: Sequence[int] | None = None) -> str:
        """A parameter as a constant, in another shape if one is given; shared ones once."""
        blob, words = self.layer.blobs[index], self.layer.learns
        numbers = self.numbers(index)
        numbers = numbers if shape is None else numbers.reshape(shape)
        word = words[index].replace(" ", "_") if index < len(words) else str(index)
        return self.graph.constant(numbers, f"{self.layer.name}/{word}",
                                   (id(blob.values.memory), numbers.shape))

    # -- shapes ---------------------------------------------------------------------------

    def fix(self, *what: str) -> None:
        """The nodes hold for the present batch or size alone."""
        self.holds.update(what)

    def reshape(self, value: str, dims: Sequence[int]) -> str:
        """The value in another shape: 0 is the axis at that place, -1 what remains."""
        return self("Reshape", value, np.array(dims, np.int64))

    def like(self, value: str, other: str, shape: Shape) -> str:
        """The value in the shape that another value has, which at hand is ``shape``."""
        if self.graph.dynamic:
            return self("Reshape", value, self("Shape", other))
        return self.reshape(value, (-1, *shape[1:]))

    def unsqueeze(self, value: str, axes: Sequence[int]) -> str:
        return self("Unsqueeze", value, np.array(axes, np.int64)) if len(axes) else value

    def reduce(self, operation: str, value: str, axes: Sequence[int], keep: bool = True) -> str:
        """Sums, means or maxima along axes."""
        if self.graph.opset >= AXES_AS_INPUT[operation]:
            return self(operation, value, np.array(axes, np.int64), keepdims=int(keep))
        return self(operation, value, axes=list(axes), keepdims=int(keep))

    def part(self, value: str, axis: int, start: int, end: int, by: int = 1) -> str:
        """What lies from start to before end along an axis."""
        return self("Slice", value, [start], [end], [axis], [by])

    def split(self, value: str, sizes: Sequence[int], axis: int) -> list[str]:
        """The value cut into parts of these sizes."""
        return self.several("Split", len(sizes), value, np.array(sizes, np.int64), axis=axis)

    def at(self, rows: str, places: str) -> str:
        """Of each row of N x ... what is at its places, N x K. (ONNX's own evaluator has an error
        in GatherElements.)"""
        return self("GatherND", rows, self.unsqueeze(places, [2]), batch_dims=1)

    def chosen(self, rows: str, which: str) -> str:
        """The rows where a mask of one axis is true. (ONNX's Compress is not known to OpenCV.)"""
        return self("Gather", rows, self.reshape(self("NonZero", which), [-1]), axis=0)

    def integers(self, value: str) -> str:
        """Numbers without what follows the point."""
        return self("Cast", value, to=self.graph.INT64)

    def floats(self, value: str) -> str:
        return self("Cast", value, to=self.graph.FLOAT)

    # -- over time ------------------------------------------------------------------------

    def scan(self, body: Callable[..., Sequence[str]], states: Sequence[str],
             sequences: Sequence[str], shapes: Sequence[Shape], outputs: int) -> list[str]:
        """Run a part of the graph once for each step of sequences, along their first axis.

        Args:
            body: is given the values of states and of one step of each sequence; gives the new
                states, and what of the step goes into the outputs.
            shapes: of the states and of one step of each sequence.

        Returns: the last states, and the outputs of all steps.
        """
        count = len(states)
        names = [self.graph.name(f"{self.layer.name}/step_{i}") for i in range(len(shapes))]
        nodes, made = self.graph.inside(lambda: body(*names))
        helper, number = self.graph.helper, self.graph.FLOAT
        inputs = [helper.make_tensor_value_info(name, number, shape)
                  for name, shape in zip(names, shapes, strict=True)]
        results = [helper.make_tensor_value_info(name, number, None) for name in made]
        graph = helper.make_graph(nodes, f"{self.layer.name}/step", inputs, results)
        return self.several("Scan", count + outputs, *states, *sequences, body=graph,
                            num_scan_inputs=len(sequences))
