"""The layers of a net in the making, each with its weights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.proto import caffe_pb2, wire

Array = np.ndarray[Any, Any]

SCOPE = re.compile(r"^/+")


class Layers:
    """Makes the LayerParameters of a NetParameter, with names of their own.

    A layer's top is called as the layer is; further tops get a number.

    Attributes:
        param: the net so far.
    """

    def __init__(self, name: str) -> None:
        self.param = caffe_pb2.NetParameter(name=name)
        self._taken: set[str] = set()

    def input(self, name: str, shape: Sequence[int]) -> str:
        """Add an input; returns its blob."""
        return self.add("Input", name, [], input_param={"shape": [{"dim": list(shape)}]})[0]

    def add(self, type: str, name: str, bottoms: Sequence[str], weights: Sequence[Array] = (),
            tops: int = 1, **messages: Any) -> list[str]:
        """Add a layer; returns its tops.

        Args:
            name: what it is called, if no other layer is; else a number follows.
            weights: its parameters.
            messages: fields of LayerParameter, as ``pooling_param={"kernel_size": 2}``; those in
                which nothing is said are left out.
        """
        name = self._free(name)
        self._taken.add(name)
        names = [name] if tops == 1 else [self._free(f"{name}_{index}") for index in range(tops)]
        self._taken.update(names)
        layer = self.param.layer.add(name=name, type=type, bottom=bottoms, top=names,
                                     **{field: said for field, said in messages.items() if said})
        for array in weights:
            wire.array_to_blob(np.ascontiguousarray(array, np.float32), layer.blobs.add())
        return names

    def maker(self, blob: str) -> Any:
        """The layer of which a blob is the top; None if there is none."""
        return next((layer for layer in reversed(self.param.layer) if blob in layer.top), None)

    def give_bias(self, layer: Any, array: Array) -> None:
        """Add a bias to a layer of this net that has weights alone."""
        wire.array_to_blob(np.ascontiguousarray(array, np.float32), layer.blobs.add())
        for message in (layer.convolution_param, layer.inner_product_param):
            if message.HasField("bias_term"):
                message.ClearField("bias_term")

    def _free(self, name: str) -> str:
        name = SCOPE.sub("", name) or "layer"
        number, free = 2, name
        while free in self._taken:
            free, number = f"{name}_{number}", number + 1
        return free
