"""A convolution and what follows it, as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core.blob import Blob
from caffepy.core.fusion import Fused
from caffepy.core.node import Node
from caffepy.kernels.operations.convolution import ConvolutionKernel
from caffepy.layers.common._folded import folded
from caffepy.layers.common._normalized import (
    FusedNormalization,
    Normalization,
    is_plain_relu,
    normalization,
)


def fused(chain: Sequence[Node], optimize: bool) -> Fused | None:
    """What the convolution that begins a chain can take along."""
    first = chain[0]
    kernel: ConvolutionKernel = first.layer.kernel  # type: ignore[attr-defined]
    if len(first.bottoms) != 1 or first.bottoms[0].ndim != 4:
        return None
    if kernel.fuses_relu and is_plain_relu(chain[1]):
        return ConvolutionReLU(chain[:2])
    if whole := folded(chain, optimize):
        return whole
    parts = normalization(chain[1:])
    if parts is None or not optimize or parts.norm.given or not parts.scale:
        return None
    return NormalizedConvolution(parts, chain[: 1 + parts.length])


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
