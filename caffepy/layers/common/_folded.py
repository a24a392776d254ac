"""A layer with weights and what behind it only scales and shifts its channels, as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.fusion import Fused, affine_of
from caffepy.core.layer import Layer
from caffepy.core.memory import Array, Place, SyncedMemory, Tensor
from caffepy.core.node import Node
from caffepy.layers.common._normalized import is_plain_relu
from caffepy.proto import caffe_pb2


class Foldable(Layer):
    """A layer whose outputs are sums over weights: a factor of an output is one of its weights.

    ``blobs`` are the weights and perhaps a bias, one number for each output; ``kernel`` is what
    computes it.
    """

    kernel: Any
    computes_relu = False  # whether ``compute`` can do the ReLU behind it, too

    @property
    def makes_channels(self) -> bool:
        """Whether the outputs are the top's axis 1, which layers behind it scale."""
        raise NotImplementedError

    @property
    def folded_kernel(self) -> Any:
        """What computes with a bias."""
        return self.plan(replace(self.kernel.spec, bias=True))

    @property
    def backward_kernel(self) -> Any:
        """What computes backward. A TEST net hardly ever does, so its kernels need not be able to;
        and behind 8 bits gradients are those of the numbers as they were."""
        spec = self.kernel.spec
        return self.kernel if spec.training else self.plan(
            replace(spec, training=True, quantized=None))

    def outputs_of(self, factor: Array) -> Array:
        """A number for each output, in a shape that weights can be multiplied by."""
        raise NotImplementedError

    def scaled(self, factor: Array, shift: Array) -> list[Array] | None:
        if not self.makes_channels:
            return None
        weights, *bias = (blob.values.read(Place.HOST) for blob in self.blobs)
        # computed in float64, without whole arrays of it
        return [np.multiply(weights, self.outputs_of(factor), dtype=np.float64,
                            out=np.empty_like(weights), casting="same_kind"),
                shift + (factor * bias[0].astype(np.float64) if bias else 0)]

    def compute(self, x: Tensor, w: Tensor, b: Tensor, y: Tensor, relu: bool) -> None:
        """y of x with these parameters instead of its own."""
        raise NotImplementedError


def folded(chain: Sequence[Node], optimize: bool) -> Fused | None:
    """What a Foldable that begins a chain can take along in a TEST net; see Layer.affine."""
    first = chain[0]
    layer: Any = first.layer
    # in training each layer's own backward runs, and wants its own forward to have run
    if not optimize or layer.phase != caffe_pb2.TEST or not layer.makes_channels:
        return None
    end = 1
    while end < len(chain) and chain[end].layer.affine() is not None:
        end += 1
    if end == 1 or len(first.bottoms) != 1:
        return None
    relu = end < len(chain) and is_plain_relu(chain[end])
    return Folded(chain[: end + relu], relu)


class Folded(Fused):
    """A Foldable with weights and a bias into which the layers behind it are folded.

    Behind y = w x + b0, f y + s is w' x + b' with w' = f w and b' = f b0 + s. Made anew whenever a
    version says that one of the parameters has changed.

    Args:
        chain: the Foldable, the layers that scale and shift, and a ReLU if ``relu``.
    """

    def __init__(self, chain: Sequence[Node], relu: bool) -> None:
        self.numbers = tuple(node.number for node in chain)
        self.layer: Any = chain[0].layer
        self.behind = [node.layer for node in chain[1 : len(chain) - relu]]
        self.relu = chain[-1].layer if relu else None
        self.x, self.y = chain[0].bottoms[0], chain[-1].tops[0]
        self._sources = [blob.values for layer in (self.layer, *self.behind)
                         for blob in layer.blobs]
        self._seen: list[tuple[SyncedMemory, int]] = []
        w, mover = self.layer.blobs[0], self.layer.context.mover
        self.w = Blob(w.shape, w.dtype, mover).values
        self.b = Blob(self.y.shape[1:2], w.dtype, mover).values

    @property
    def kernel(self) -> Any:
        return self.layer.folded_kernel

    @property
    def detail(self) -> str:
        return f"folded, {self.kernel.detail}"

    def forward(self) -> None:
        seen = [(tensor.memory, tensor.version) for tensor in self._sources]
        if seen != self._seen:
            self._seen = seen
            self._fold()
        inside = self.relu is not None and self.layer.computes_relu
        self.layer.compute(self.x.values, self.w, self.b, self.y.values, inside)
        if self.relu and not inside:
            self.relu.forward([self.y], [self.y])

    def _fold(self) -> None:
        weights, bias = self.layer.scaled(*affine_of(self.behind))
        self.w.overwrite(Place.HOST)[...] = weights
        self.b.overwrite(Place.HOST)[...] = bias
