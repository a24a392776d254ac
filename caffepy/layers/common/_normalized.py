"""BatchNorm, Scale and ReLU as one: which chains of layers are that, and the run of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from caffepy.core.fusion import Fused
from caffepy.core.node import Node
from caffepy.kernels.operations.normalize import NormalizeKernel, NormalizeSpec


class Normalization(NamedTuple):
    """The layers of a chain that begins with BatchNorm."""

    norm: Any  # the BatchNorm layer
    scale: Any  # the Scale layer, or None
    relu: bool

    @property
    def length(self) -> int:
        return 1 + (self.scale is not None) + self.relu


def normalization(chain: Sequence[Node]) -> Normalization | None:
    """What of a chain is a normalization; None if it does not begin with one of channels."""
    first: Any = chain[0].layer if chain else None
    if first is None or first.type != "BatchNorm" or chain[0].bottoms[0].ndim < 2:
        return None
    if first.rescales:  # NVIDIA's, which has a scale of its own
        return None
    scale = None
    rest = list(chain[1:])
    if rest and scales_channels(rest[0]):
        scale = rest.pop(0).layer
    return Normalization(chain[0].layer, scale, bool(rest) and is_plain_relu(rest[0]))


def scales_channels(node: Node) -> bool:
    """Whether it is a Scale with one learned number for each channel."""
    if node.layer.type != "Scale" or len(node.bottoms) != 1:
        return False
    return node.layer.blobs[0].shape == (node.bottoms[0].shape[1],) and node.layer.p.axis in (
        1, 1 - node.bottoms[0].ndim)


def is_plain_relu(node: Node) -> bool:
    """Whether it is a ReLU that leaves nothing of what is negative."""
    return node.layer.type == "ReLU" and node.layer.p.negative_slope == 0


class FusedNormalization(Fused):
    """Normalizes by the batch's own statistics.

    Args:
        parts: what runs; it has a Scale.
        chain: the layers, of which BatchNorm is the first and works out of place.
    """

    whole = True

    def __init__(self, parts: Normalization, chain: Sequence[Node]) -> None:
        self.parts, self.numbers = parts, tuple(node.number for node in chain)
        self.x, self.y = chain[0].bottoms[0], chain[-1].tops[0]
        self.kept = (self.x, self.y) if parts.relu else (self.x,)  # the sign of y serves ReLU
        self._kernel: NormalizeKernel | None = None

    @property
    def kernel(self) -> NormalizeKernel:
        norm = self.parts.norm
        kernel: NormalizeKernel = norm.plan(NormalizeSpec(
            self.x.shape, norm.p.eps, self.parts.relu, norm.dtype.name), self._kernel)
        self._kernel = kernel
        return kernel

    @property
    def detail(self) -> str:
        return self.kernel.detail

    def forward(self) -> None:
        norm, scale = self.parts.norm, self.parts.scale
        mean, variance = norm.statistics()
        self.kernel.forward(
            self.x.values, scale.blobs[0].values, scale.bias.values if scale.bias else None,
            self.y.values, mean, variance)
        norm.remember(mean, variance, self.x.count // norm.channels)

    def backward(self) -> None:
        scale = self.parts.scale
        x, y = self.x, self.y
        wanted = [blob.grads if down else None
                  for blob, down in zip(scale.blobs, scale.param_propagate_down, strict=True)]
        self.kernel.backward(x.values, scale.blobs[0].values, y.values, y.grads, x.grads,
                             wanted[0], wanted[1] if scale.bias else None)
