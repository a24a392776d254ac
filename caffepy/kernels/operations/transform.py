"""Pictures become numbers where the net computes: what a data layer asks of a GPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class TransformSpec(Spec):
    """y[n, c, i, j] = (x[n, c, top + i, left + j] - mean) * scale; mirrored, j counts from right.

    x: (N, C, H, W), bytes; y: (N, C, H', W'). Each picture has its own top and left, and is
    mirrored or not. mean: the shape of what is subtracted: () for nothing, (1, 1, 1) or (C, 1, 1)
    for numbers, (C, H, W) for a picture, which is read where x is.
    """

    x: Shape
    y: Shape
    mean: Shape = ()
    scale: float = 1.0
    dtype: str = "float32"


class TransformKernel(Kernel):
    """Several batches may have begun, if no more than ``AHEAD`` of them are under way at once."""

    spec: TransformSpec
    leaves = True
    AHEAD = 2

    def begin(self, pictures: np.ndarray, cuts: np.ndarray) -> Any:
        """Start to bring a batch to where the kernel computes; what it returns goes to the others.

        Args:
            pictures: x, in C order or as (N, H, W, C) seen through a transpose.
            cuts: N x 3, int32, C order: top, left, and 1 to mirror.
        """
        raise NotImplementedError

    def forward(self, begun: Any, mean: Tensor | None, y: Tensor) -> None:
        """y from a batch that has begun."""
        raise NotImplementedError

    def release(self, begun: Any) -> None:
        """Return when the batch's arrays may be overwritten. ``forward`` has used them, or will
        not be called."""
        raise NotImplementedError
