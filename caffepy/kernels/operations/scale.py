"""Products with, and sums of, numbers that some axes share."""

from __future__ import annotations

from dataclasses import dataclass

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class ScaleSpec(Spec):
    """y = x * s + b, where s and b have the axes ``axis`` to ``end`` of ``shape``.

    ``inplace``: y overwrites x, so x must be kept aside for the gradient of s.
    """

    shape: Shape
    axis: int
    end: int
    bias: bool = False
    inplace: bool = False
    training: bool = True
    dtype: str = "float32"


class ScaleKernel(Kernel):
    spec: ScaleSpec
    leaves = True

    def forward(self, x: Tensor, s: Tensor, b: Tensor | None, y: Tensor) -> None:
        """y from x, s and b (None if the spec has no bias)."""
        raise NotImplementedError

    def backward(
        self, x: Tensor, s: Tensor, dy: Tensor,
        dx: Tensor | None, ds: Tensor | None, db: Tensor | None,
    ) -> None:
        """dx from dy; ds and db are added to (None for what is not wanted). dx may be dy."""
        raise NotImplementedError
