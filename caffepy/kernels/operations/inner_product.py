"""A matrix product with a bias."""

from __future__ import annotations

from dataclasses import dataclass

from caffepy.core.memory import Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class InnerProductSpec(Spec):
    """y = x w^T + b with x (M, K), w (N, K) or (K, N) if transposed, y (M, N).

    The tensors may have more axes; they are read in C order as these matrices.
    """

    m: int
    k: int
    n: int
    transpose: bool = False
    bias: bool = True
    dtype: str = "float32"


class InnerProductKernel(Kernel):
    spec: InnerProductSpec

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        """y from x, w and b."""
        raise NotImplementedError

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        """dx = dy w."""
        raise NotImplementedError

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        """dw += dy^T x, db += column sums of dy."""
        raise NotImplementedError
