"""BatchNorm, Scale and ReLU in one: what the CPU's engines offer for three layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class NormalizeSpec(Spec):
    """BatchNorm over the batch's own statistics, Scale, and ReLU if ``relu``, of axis 1."""

    shape: Shape
    eps: float
    relu: bool
    dtype: str = "float32"


class NormalizeKernel(Kernel):
    spec: NormalizeSpec
    leaves = True

    def forward(self, x: Tensor, s: Tensor, b: Tensor | None, y: Tensor,
                mean: np.ndarray, variance: np.ndarray) -> None:
        """y from x, scale and shift (None: 0); the batch's mean and variance (C,) are written."""
        raise NotImplementedError

    def backward(self, x: Tensor, s: Tensor, y: Tensor, dy: Tensor, dx: Tensor,
                 ds: Tensor | None, db: Tensor | None) -> None:
        """dx for the last forward, may be dy; ds and db are added to (None: not wanted)."""
        raise NotImplementedError
