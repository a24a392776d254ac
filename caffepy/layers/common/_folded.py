"""A layer with weights, what behind it only scales and shifts its channels, and what comes then, a
sum with another blob and a ReLU, as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import takewhile
from typing import Any

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.fusion import Fused, affine_of
from caffepy.core.layer import Layer
from caffepy.core.memory import Array, Place, Tensor
from caffepy.core.node import Node
from caffepy.core.seen import Seen
from caffepy.layers.common._normalized import is_plain_relu
from caffepy.layers.common._summed import is_plain_sum
from caffepy.proto import caffe_pb2


class Foldable(Layer):
    """A layer whose outputs are sums over weights: a factor of an output is one of its weights.

    ``blobs`` are the weights and perhaps a bias, one number for each output; ``kernel`` is what
    computes it.
    """

    kernel: Any
    computes_relu = False  # whether ``compute`` can do the ReLU behind it, too
    computes_sum = False  # and before that add another blob, if its kernel ``fuses_sum``

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

    def compute(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor, relu: bool = False,
                added: Tensor | None = None) -> None:
        """y of x with these parameters instead of its own, and with what it can do besides."""
        raise NotImplementedError


def folded(chain: Sequence[Node], optimize: bool) -> Fused | None:
    """What a Foldable that begins a chain can take along in a TEST net; see Layer.affine."""
    first = chain[0]
    layer: Any = first.layer
    # in training each layer's own backward runs, and wants its own forward to have run
    if not optimize or layer.phase != caffe_pb2.TEST or not layer.makes_channels:
        return None
    behind = list(takewhile(lambda node: node.layer.affine() is not None, chain[1:]))
    rest = list(chain[1 + len(behind) :])
    added = None
    if rest and is_plain_sum(rest[0]) and layer.computes_sum:
        kernel = layer.folded_kernel if behind else layer.kernel
        added = rest.pop(0) if kernel.fuses_sum else None
    if len(first.bottoms) != 1 or not (behind or added):
        return None
    relu = rest[0] if rest and is_plain_relu(rest[0]) else None
    return Folded(first, behind, added, relu)


class Folded(Fused):
    """A Foldable with weights and a bias into which the layers behind it are folded.

    Behind y = w x + b0, f y + s is w' x + b' with w' = f w and b' = f b0 + s. Made anew whenever a
    version says that one of the parameters has changed.

    Args:
        first: the Foldable.
        behind: the layers that scale and shift, perhaps none.
        added: an Eltwise that adds another blob to the results; ``relu``: a ReLU behind all that.
    """

    def __init__(self, first: Node, behind: Sequence[Node], added: Node | None, relu: Node | None
                 ) -> None:
        chain = [first, *behind, *(node for node in (added, relu) if node)]
        self.numbers = tuple(node.number for node in chain)
        self.layer: Any = first.layer
        self.behind = [node.layer for node in behind]
        self.relu = relu.layer if relu else None
        self.x, self.y = first.bottoms[0], chain[-1].tops[0]
        before = (first, *behind)[-1].tops[0]
        self.added = next(x for x in added.bottoms if x is not before) if added else None
        if self.added and self.added.values.memory is not self.x.values.memory:
            self.takes_over = [(self.added, self.y)]
        self._sources = [blob.values for layer in (self.layer, *self.behind)
                         for blob in layer.blobs]
        self._seen = [Seen() for _ in self._sources]

    @cached_property
    def _parameters(self) -> list[Tensor]:
        """Those that are folded; the layer's own where nothing is."""
        if not self.behind:
            return [blob.values for blob in self.layer.blobs]
        w, mover = self.layer.blobs[0], self.layer.context.mover
        return [Blob(shape, w.dtype, mover).values for shape in (w.shape, self.y.shape[1:2])]

    @property
    def kernel(self) -> Any:
        return self.layer.folded_kernel if self.behind else self.layer.kernel

    @property
    def detail(self) -> str:
        return f"{'folded, ' if self.behind else ''}{self.kernel.detail}"

    def parameters(self) -> list[Tensor]:
        """The weights and the bias that all together have, brought up to date."""
        if self.behind:
            self._fold()
        return self._parameters

    def forward(self) -> None:
        layer, y = self.layer, self.y
        w, b = (*self.parameters(), None)[:2]
        ends = self.relu is not None and layer.computes_relu
        layer.compute(self.x.values, w, b, y.values, ends,
                      self.added.values if self.added else None)
        if self.relu and not ends:
            self.relu.forward([y], [y])

    def _fold(self) -> None:
        new = [seen.is_new(values)
               for seen, values in zip(self._seen, self._sources, strict=True)]
        if any(new):
            folded = self.layer.scaled(*affine_of(self.behind))
            for made, values in zip(self._parameters, folded, strict=True):
                made.overwrite(Place.HOST)[...] = values
