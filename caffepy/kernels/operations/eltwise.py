"""Sums, products and maxima of several tensors, number by number."""

from __future__ import annotations

from dataclasses import dataclass

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class EltwiseSpec(Spec):
    """Elementwise over ``count`` tensors of one shape. operation: "sum", "prod" or "max"."""

    operation: str
    shape: Shape
    coeff: tuple[float, ...]  # one per bottom; all 1 except for sums with coefficients
    training: bool = True
    dtype: str = "float32"


class EltwiseKernel(Kernel):
    spec: EltwiseSpec
    leaves = True

    def forward(self, xs: list[Tensor], y: Tensor) -> None:
        """y from all x, in the order that the first was last written in."""
        raise NotImplementedError

    def backward(
        self, index: int, xs: list[Tensor], y: Tensor, dy: Tensor, dx: Tensor
    ) -> None:
        """dx of the bottom at ``index``. Products: the product of the others (always stable)."""
        raise NotImplementedError
