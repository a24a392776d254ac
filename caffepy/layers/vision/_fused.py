"""A convolution and what follows it, as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.fusion import Fused
from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.core.node import Node
from caffepy.kernels.operations.convolution import ConvolutionKernel
from caffepy.layers.common._normalized import (
    FusedNormalization,
    Normalization,
    is_plain_relu,
    normalization,
)
from caffepy.proto import caffe_pb2


def fused(chain: Sequence[Node], optimize: bool) -> Fused | None:
    """What the convolution that begins a chain can take along."""
    first = chain[0]
    kernel: ConvolutionKernel = first.layer.kernel  # type: ignore[attr-defined]
    if len(first.bottoms) != 1 or first.bottoms[0].ndim != 4:
        return None
    if kernel.fuses_relu and is_plain_relu(chain[1]):
        return ConvolutionReLU(chain[:2])
    parts = normalization(chain[1:])
    if parts is None or not optimize:
        return None
    chain = chain[: 1 + parts.length]
    if parts.norm.given:
        # in training each layer's own backward runs, and wants its own forward to have run
        return FoldedConvolution(parts, chain) if parts.norm.phase == caffe_pb2.TEST else None
    return NormalizedConvolution(parts, chain) if parts.scale else None


class ConvolutionReLU(Fused):
    """ReLU while the convolution's results are at hand.

    Backward needs their sign alone, so in place each layer's own serves. Out of place the blob
    between is not written, and the results have the sign that ReLU's wants.
    """

    def __init__(self, chain: Sequence[Node]) -> None:
        self.numbers = tuple(node.number for node in chain)
        self.convolution, self.relu = chain
        self.layer: Any = chain[0].layer
        self.x, self.y = chain[0].bottoms[0], chain[-1].tops[0]
        self.whole, self.kept = not self.relu.in_place, (self.x, self.y)

    @property
    def detail(self) -> str:
        return str(self.layer.kernel.detail)

    def forward(self) -> None:
        layer = self.layer
        bias = layer.blobs[1].values if layer.p.bias_term else None
        layer.kernel.forward_relu(self.x.values, layer.blobs[0].values, bias, self.y.values)

    def backward(self) -> None:
        relu: Any = self.relu.layer
        if any(self.relu.propagate_down):
            relu.kernel.backward(self.y.values, self.y.grads, self.relu.bottoms[0].grads)
        _backward(self.convolution, self.convolution.tops)


def _backward(node: Node, top: list[Blob]) -> None:
    """A layer's own, where somebody wants a gradient of it."""
    if any(node.propagate_down) or any(node.layer.param_propagate_down):
        node.backward(top)


class NormalizedConvolution(FusedNormalization):
    """Convolution, then normalization by the batch's own statistics.

    The convolution's results go to a blob of their own, where backward finds them; working in
    place, the layers would each keep a copy.
    """

    def __init__(self, parts: Normalization, chain: Sequence[Node]) -> None:
        super().__init__(parts, chain)
        self.convolution = chain[0]
        layer = chain[0].layer
        self.x = Blob((0,), layer.dtype, layer.context.mover)

    def forward(self) -> None:
        if self.x.shape != self.y.shape:
            self.x.reshape(self.y.shape)
            self.x.share_grads(self.y)  # read by the one, then written by the other
        self.convolution.layer.forward(self.convolution.bottoms, [self.x])
        super().forward()

    def backward(self) -> None:
        super().backward()
        _backward(self.convolution, [self.x])


class FoldedConvolution(Fused):
    """Convolution with weights and a bias into which statistics, scale and shift are folded.

    With f = s / sqrt(variance + eps): w' = f w and b' = f (b0 - mean) + b. Made anew whenever a
    version says that one of them has changed.
    """

    def __init__(self, parts: Normalization, chain: Sequence[Node]) -> None:
        self.numbers = tuple(node.number for node in chain)
        self.parts, self.layer = parts, chain[0].layer
        self.x, self.y = chain[0].bottoms[0], chain[-1].tops[0]
        layers = [layer for layer in (self.layer, parts.norm, parts.scale) if layer]
        self._sources = [blob.values for layer in layers for blob in layer.blobs]
        self._seen: list[tuple[SyncedMemory, int]] = []
        w, mover = self.layer.blobs[0], self.layer.context.mover
        self.w = Blob(w.shape, w.dtype, mover).values
        self.b = Blob(w.shape[:1], w.dtype, mover).values

    @property
    def kernel(self) -> ConvolutionKernel:
        layer: Any = self.layer
        kernel: ConvolutionKernel = layer.plan(replace(layer.kernel.spec, bias=True))
        return kernel

    @property
    def detail(self) -> str:
        return f"folded, {self.kernel.detail}"

    def forward(self) -> None:
        seen = [(tensor.memory, tensor.version) for tensor in self._sources]
        if seen != self._seen:
            self._seen = seen
            self._fold()
        kernel = self.kernel
        run = kernel.forward_relu if self.parts.relu else kernel.forward
        run(self.x.values, self.w, self.b, self.y.values)

    def _fold(self) -> None:
        norm, scale = self.parts.norm, self.parts.scale
        mean, variance = (array.astype(np.float64) for array in norm.statistics())
        factor = 1 / np.sqrt(variance + norm.p.eps)
        if scale:
            factor *= _host(scale.blobs[0].values)
        shift = -mean
        if len(self.layer.blobs) > 1:
            shift += _host(self.layer.blobs[1].values)
        shift *= factor
        if scale and scale.bias:
            shift += _host(scale.bias.values)
        weights = _host(self.layer.blobs[0].values)
        self.w.overwrite(Place.HOST)[...] = weights * factor.reshape(-1, 1, 1, 1)
        self.b.overwrite(Place.HOST)[...] = shift


def _host(tensor: Tensor) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = tensor.read(Place.HOST)
    return array
