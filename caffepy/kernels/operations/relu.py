"""Rectified linear units, leaky ones too."""

from __future__ import annotations

from dataclasses import dataclass

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class ReLUSpec(Spec):
    """y = x for x > 0, else slope * x. Any shape; y may be x."""

    shape: Shape
    slope: float = 0.0
    dtype: str = "float32"


class ReLUKernel(Kernel):
    spec: ReLUSpec

    def forward(self, x: Tensor, y: Tensor) -> None:
        """y from x, in the order that x was last written in."""
        raise NotImplementedError

    def backward(self, x: Tensor, dy: Tensor, dx: Tensor) -> None:
        """dx from dy and the sign of x (or of y, in place: they agree for slope >= 0)."""
        raise NotImplementedError
