"""Tensors side by side, and apart again."""

from __future__ import annotations

from dataclasses import dataclass

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class ConcatSpec(Spec):
    """Parts side by side along ``axis``; serves Concat and, the other way, Slice."""

    parts: tuple[Shape, ...]
    axis: int
    dtype: str = "float32"


class ConcatKernel(Kernel):
    spec: ConcatSpec

    def join(self, parts: list[Tensor], whole: Tensor) -> None:
        """Write the parts into the whole."""
        raise NotImplementedError

    def split(self, whole: Tensor, parts: list[Tensor | None]) -> None:
        """Write the whole's pieces into the parts (None: not wanted)."""
        raise NotImplementedError
