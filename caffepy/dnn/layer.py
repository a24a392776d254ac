"""cv2.dnn's Layer: a look at one layer of a net, and the door to its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from caffepy.core.layer import Layer as CoreLayer
from caffepy.dnn import opencv_types, parameters
from caffepy.dnn.entries import Entry


class Owner(Protocol):
    """What a layer asks of its net."""

    target: int

    @property
    def inputs(self) -> list[str]: ...

    def parameters_of(self, entry: Entry) -> CoreLayer | None: ...

    def set_parameters(self, entry: Entry, arrays: Sequence[Any]) -> None: ...


class Layer:
    """One layer of a Net.

    Attributes:
        name, type: as cv2.dnn has them.
        preferableTarget: what the net was told.
    """

    def __init__(self, net: Owner, entry: Entry) -> None:
        self._net, self._entry = net, entry
        self.name, self.type = entry.name, entry.type

    @property
    def blobs(self) -> tuple[Any, ...]:
        """The parameters, as copies; () while nobody has set them.

        Setting them takes all of the layer's (a bias may be left out, and is zero then); arrays
        may have axes of 1 more or fewer.

        Raises:
            ShapeError: they are not of the layer's number or shapes.
        """
        layer = self._net.parameters_of(self._entry)
        found = [] if layer is None else parameters.values(layer)
        return tuple(opencv_types.shown(self.type, found))

    @blobs.setter
    def blobs(self, arrays: Sequence[Any]) -> None:
        self._net.set_parameters(self._entry, list(arrays))

    @property
    def preferableTarget(self) -> int:
        return self._net.target

    def outputNameToIndex(self, outputName: str) -> int:
        """The number of an output by its name: of layer 0 the inputs', -1 for another name; all
        other layers say 0, as OpenCV's do."""
        if self._entry.place is not None:
            return 0
        inputs = self._net.inputs
        return inputs.index(outputName) if outputName in inputs else -1

    def empty(self) -> bool:
        """Never."""
        return False

    def getDefaultName(self) -> str:
        """The name under which OpenCV would save it."""
        return "my_object"

    def __repr__(self) -> str:
        return f"< caffepy.dnn.Layer {self.name!r}, {self.type} >"
