"""One node of an ONNX model, as the rules see it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.exchange import onnx_library
from caffepy.exchange.into.layers import Layers
from caffepy.exchange.into.model import Model
from caffepy.exchange.into.refused import NotInCaffe

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]

NAMING = (".weight", "_weight", "/weights", ".weights", "/kernel")  # ends of weights' names


@dataclass(frozen=True)
class Padded:
    """A blob with zeros around its spatial axes that no layer has made yet.

    Attributes:
        begin, end: how many, for each spatial axis.
        value: what the padding is.
    """

    blob: str
    begin: tuple[int, ...]
    end: tuple[int, ...]
    value: float


class Step:
    """A node with the blobs of its inputs. Called, it adds a layer and gives its top:

        y = step("Pooling", step.x, pooling_param={"kernel_size": 2})

    Attributes:
        node, operation: the NodeProto and its op_type.
        name: what its layer is called: as its weights are where they have a name, else as the node.
        values: the blob of each value so far, or its Padded; shared by all steps.
    """

    def __init__(self, model: Model, layers: Layers, node: Any,
                 values: dict[str, str | Padded]) -> None:
        self.model, self.layers, self.node, self.values = model, layers, node, values
        self.operation: str = node.op_type
        self.opset = model.opset
        self.name = self._name()
        helper = onnx_library.onnx().helper
        self._attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}

    def __call__(self, type: str, *bottoms: str, weights: Sequence[Array] = (), suffix: str = "",
                 **messages: Any) -> str:
        """Add a layer of one top."""
        return self.several(type, 1, *bottoms, weights=weights, suffix=suffix, **messages)[0]

    def several(self, type: str, tops: int, *bottoms: str, weights: Sequence[Array] = (),
                suffix: str = "", **messages: Any) -> list[str]:
        """Add a layer of several tops. ``suffix`` goes behind the step's name."""
        return self.layers.add(type, self.name + suffix, bottoms, weights, tops, **messages)

    # -- what the node says -----------------------------------------------------------------

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute, text as str."""
        value = self._attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def has(self, index: int) -> bool:
        """Whether an input is given."""
        return index < len(self.node.input) and bool(self.node.input[index])

    def shape(self, index: int = 0) -> Shape:
        """Of an input."""
        return self.model.shapes[self.node.input[index]]

    @property
    def top_shape(self) -> Shape:
        """Of the first output."""
        return self.model.shapes[self.node.output[0]]

    def axis(self, value: int) -> int:
        """An axis of the first input, counted from the front."""
        return value % max(len(self.shape()), 1)

    def constant(self, index: int) -> Array | None:
        """An input that hangs on none of the model's; None if it does, or is not given."""
        return self.model.constants.get(self.node.input[index]) if self.has(index) else None

    def weights(self, index: int) -> Array:
        """An input that must be a constant: weights are no bottoms in Caffe."""
        found = self.constant(index)
        if found is None:
            raise NotInCaffe(f"its input '{self.node.input[index]}' is no constant")
        return found

    def integers(self, index: int, attribute: str) -> list[int] | None:
        """Whole numbers that are an attribute in old opsets and an input in new ones."""
        if attribute in self._attributes:
            return [int(one) for one in np.atleast_1d(self._attributes[attribute])]
        if not self.has(index):
            return None
        return [int(one) for one in np.atleast_1d(self.weights(index))]

    # -- blobs -------------------------------------------------------------------------------

    @property
    def x(self) -> str:
        """The blob of the first input."""
        return self.blob(0)

    def blob(self, index: int) -> str:
        """The blob of an input; a layer makes it, if it is a constant or not yet padded."""
        name = self.node.input[index]
        value = self.values.get(name)
        if isinstance(value, Padded):
            value = self.values[name] = self._pad(value, self.shape(index)[1])
        elif value is None:
            array = self.model.constants[name]
            value = self.values[name] = self.layers.add(
                "Parameter", name, [], [array],
                parameter_param={"shape": {"dim": list(array.shape)}})[0]
        return value

    def padded(self, index: int = 0) -> Padded | None:
        """An input's padding that no layer has made yet."""
        value = self.values.get(self.node.input[index])
        return value if isinstance(value, Padded) else None

    def _pad(self, padded: Padded, channels: int) -> str:
        """Padding by itself: a convolution that gives each number as it is, with zeros around."""
        if padded.value:
            raise NotInCaffe(f"padding with {padded.value:g} where no pooling follows")
        if len(padded.begin) != 2 and padded.begin != padded.end:
            raise NotInCaffe("padding that differs before and behind, other than of two axes")
        ones = np.ones((channels, 1, *(1 for _ in padded.begin)), np.float32)
        return self("Convolution", padded.blob, weights=[ones], suffix="_pad", convolution_param={
            "num_output": channels, "kernel_size": [1], "group": channels, "bias_term": False,
            **pads(padded.begin, padded.end)})

    def reshape(self, blob: str, before: Sequence[int], after: Sequence[int],
                suffix: str = "") -> str:
        """The blob in another shape. A batch that stays is that of the bottom, so it may have
        another size later."""
        before, after = tuple(before), tuple(after)
        if before == after:
            return blob
        same_batch = before[:1] == after[:1]
        if same_batch and len(after) == 2:
            return self("Flatten", blob, suffix=suffix)
        dims = [0, *after[1:]] if same_batch else list(after)
        return self("Reshape", blob, suffix=suffix, reshape_param={"shape": {"dim": dims}})

    def part(self, blob: str, axis: int, size: int, start: int, end: int) -> str:
        """What lies from start to before end along an axis of this size, by a Slice; what nobody
        reads of it is swallowed later."""
        points = [point for point in (start, end) if 0 < point < size]
        if not points:
            return blob
        tops = self.several("Slice", len(points) + 1, blob, suffix=f"_axis{axis}",
                            slice_param={"axis": axis, "slice_point": points})
        return tops[1 if start else 0]

    # -- names -------------------------------------------------------------------------------

    def _name(self) -> str:
        for name in self.node.input[1:2]:
            for end in NAMING:
                if name in self.model.constants and name.endswith(end) and len(name) > len(end):
                    return str(name.removesuffix(end))
        name = str(self.node.name or self.node.output[0])
        return module_name(re.sub(rf"/{self.operation}(_\d+)?$", "", name)) or name


def module_name(scope: str) -> str:
    """What PyTorch calls a module whose scope the exporter writes with all its parents' names:
    ``layer1.0.relu`` for ``/layer1/layer1.0/relu``. Other names as they are."""
    if not scope.startswith("/"):
        return scope
    parts = scope.strip("/").split("/")
    return ".".join(part for part, inner in zip(parts, [*parts[1:], ""], strict=True)
                    if not inner.startswith(f"{part}."))


def pads(begin: Sequence[int], end: Sequence[int], side: bool = False) -> dict[str, Any]:
    """The words for padding; the original's where both ends have the same.

    Args:
        side: the message has one number for all axes, or pad_h and pad_w.
    """
    if tuple(begin) == tuple(end):
        if not any(begin):
            return {}
        if len(set(begin)) == 1:
            return {"pad": begin[0] if side else [begin[0]]}
        return ({"pad_h": begin[0], "pad_w": begin[1]} if len(begin) == 2 else
                {"pad_all" if side else "pad": list(begin)})
    if len(begin) != 2:
        raise NotInCaffe("padding that differs before and behind, other than of two axes")
    return {"pad_t": begin[0], "pad_l": begin[1], "pad_b": end[0], "pad_r": end[1]}
