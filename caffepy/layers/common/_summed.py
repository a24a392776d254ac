"""The sum of two blobs and the ReLU behind it as one: what ends each block of a residual net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core.fusion import Fused
from caffepy.core.node import Node
from caffepy.kernels.operations.sum_relu import SumReLUKernel, SumReLUSpec
from caffepy.layers.common._normalized import is_plain_relu


def summed(chain: Sequence[Node], optimize: bool) -> Fused | None:
    """What the Eltwise that begins a chain can take along."""
    if not (is_plain_sum(chain[0]) and is_plain_relu(chain[1]) and chain[1].in_place):
        return None
    return SumReLU(chain[:2], optimize)


def is_plain_sum(node: Node) -> bool:
    """Whether it is an Eltwise that adds two blobs as they are."""
    layer: Any = node.layer
    # a fork's Eltwise of one bottom is a type of its own, of the same name
    return (node.layer.type == "Eltwise" and len(node.bottoms) == 2
            and getattr(layer, "operation", "") == "sum"
            and layer.kernel.spec.coeff == (1.0, 1.0))


class SumReLU(Fused):
    """Backward is each layer's own, since ReLU's needs the sign of its results alone.

    The gradient of either bottom is the top's. In nets that optimize the first bottom has it in
    the top's memory, where nobody needs it any more, instead of a copy.
    """

    def __init__(self, chain: Sequence[Node], optimize: bool) -> None:
        self.numbers = tuple(node.number for node in chain)
        self.layer = chain[0].layer
        self.bottom, self.top = chain[0].bottoms, chain[0].tops[0]
        if optimize and self.bottom[0] is not self.top:
            self.bottom[0].share_grads(self.top)

    @property
    def kernel(self) -> SumReLUKernel:
        kernel: SumReLUKernel = self.layer.plan(SumReLUSpec(self.top.shape, self.layer.dtype.name))
        return kernel

    @property
    def detail(self) -> str:
        return str(self.kernel.detail)

    def forward(self) -> None:
        self.kernel.forward([x.values for x in self.bottom], self.top.values)
