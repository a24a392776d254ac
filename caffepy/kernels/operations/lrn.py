"""Local response normalization."""

from __future__ import annotations

from dataclasses import dataclass

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class LRNSpec(Spec):
    """y = x * scale^-beta over a window of ``size``.

    across: scale = k + alpha / size   * sum of x^2 over neighbouring channels.
    within: scale = 1 + alpha / size^2 * sum of x^2 over a size x size window of the channel.
    """

    region: str
    shape: Shape
    size: int
    alpha: float
    beta: float
    k: float
    training: bool = True
    dtype: str = "float32"


class LRNKernel(Kernel):
    spec: LRNSpec
    leaves = True

    def forward(self, x: Tensor, y: Tensor) -> None:
        """y from x."""
        raise NotImplementedError

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        """dx for the x and y of the last forward."""
        raise NotImplementedError
