"""A sum and its ReLU in one: what the CPU's engines offer for two layers."""

from __future__ import annotations

from dataclasses import dataclass

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class SumReLUSpec(Spec):
    """y = max(x_0 + x_1, 0)."""

    shape: Shape
    dtype: str = "float32"


class SumReLUKernel(Kernel):
    spec: SumReLUSpec

    def forward(self, xs: list[Tensor], y: Tensor) -> None:
        """y from both x, in the order that the first was last written in."""
        raise NotImplementedError
