"""The sum of several gradients by a kernel: on all threads, and in half precision."""

from __future__ import annotations

from caffepy.core.layer import Layer
from caffepy.core.memory import Tensor
from caffepy.kernels.operations.eltwise import EltwiseKernel, EltwiseSpec


def add_up(layer: Layer, parts: list[Tensor], total: Tensor) -> None:
    """Write the sum of ``parts``, two at least, to ``total``."""
    kernel: EltwiseKernel = layer.plan(EltwiseSpec(
        "sum", total.shape, (1.0,) * len(parts), True, layer.dtype.name))
    kernel.forward(parts, total)
