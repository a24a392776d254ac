"""A matrix product with a bias."""

from __future__ import annotations

from dataclasses import dataclass, field

from caffepy.core.memory import Tensor
from caffepy.kernels.contract import Kernel, Spec
from caffepy.kernels.eight_bits import EightBits


@dataclass(frozen=True)
class InnerProductSpec(Spec):
    """y = x w^T + b with x (M, K), w (N, K) or (K, N) if transposed, y (M, N).

    The tensors may have more axes; they are read in C order as these matrices. Without ``training``
    the weights seldom change and no backward will be asked for; with ``quantized`` x and w are
    rounded to 8 bits.
    """

    m: int
    k: int
    n: int
    transpose: bool = False
    bias: bool = True
    dtype: str = "float32"
    training: bool = field(default=True, repr=False)
    quantized: EightBits | None = field(default=None, repr=False)


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
