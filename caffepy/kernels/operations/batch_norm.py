"""Normalization by mean and variance of each channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class BatchNormSpec(Spec):
    """y = (x - mean) / sqrt(variance + eps), per channel (axis 1; one channel if 1-D).

    ``given``: mean and variance come from outside (use_global_stats); else they are the
    batch's own, the variance divided by m, not m - 1.
    ``inplace``: y overwrites x, so what backward needs must be kept aside.
    """

    shape: Shape
    eps: float
    given: bool
    inplace: bool = False
    training: bool = True
    dtype: str = "float32"


class BatchNormKernel(Kernel):
    spec: BatchNormSpec
    leaves = True

    def forward(self, x: Tensor, y: Tensor, mean: np.ndarray, variance: np.ndarray) -> None:
        """y from x. ``mean`` and ``variance`` (C,) are read if given, else written."""
        raise NotImplementedError

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        """dx for the last forward; x and y may have been overwritten since if ``inplace``."""
        raise NotImplementedError
