"""The largest or the mean of each window."""

from __future__ import annotations

from dataclasses import dataclass

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Kernel, Pairs, Spec


@dataclass(frozen=True)
class PoolingSpec(Spec):
    """The largest or the mean of each window. method: "max" or "ave"; x and y have images,
    channels and any number of spatial axes.

    The mean divides by the window's area clipped at height + pad (Caffe's rule): cells of the
    padding count, cells beyond it do not. ``end`` is the padding behind height and width, where it
    is not ``pad``; ``inside``: only cells of the input count. Of equal largest values the first in
    row order wins.
    """

    method: str
    x: Shape
    y: Shape
    kernel: Pairs
    stride: Pairs
    pad: Pairs
    training: bool = True
    dtype: str = "float32"
    end: Pairs | None = None
    inside: bool = False


class PoolingKernel(Kernel):
    spec: PoolingSpec
    leaves = True

    def forward(self, x: Tensor, y: Tensor, mask: Tensor | None = None) -> None:
        """y from x; ``mask`` (shape of y) gets the index h * W + w of each window's maximum."""
        raise NotImplementedError

    def backward(self, dy: Tensor, dx: Tensor) -> None:
        """dx from dy, for the windows of the last forward (``training`` must be set)."""
        raise NotImplementedError
