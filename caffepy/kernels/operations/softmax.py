"""Exponentials that sum to one."""

from __future__ import annotations

from dataclasses import dataclass

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class SoftmaxSpec(Spec):
    """y = exp(x - max) / sum exp(x - max) along ``axis`` of ``shape``."""

    shape: Shape
    axis: int
    dtype: str = "float32"


class SoftmaxKernel(Kernel):
    spec: SoftmaxSpec

    def forward(self, x: Tensor, y: Tensor) -> None:
        """y from x; y may be x."""
        raise NotImplementedError

    def backward(self, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        """dx = y * (dy - sum(dy * y)); dx may be dy."""
        raise NotImplementedError
