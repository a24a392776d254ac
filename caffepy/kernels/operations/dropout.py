"""Numbers dropped by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class DropoutSpec(Spec):
    """y = x * m, m being 0 with probability ``ratio`` and else ``kept``, or 1 / (1 - ratio).

    Number i in C order is dropped if draw i is less than ratio * 2^16, where the draws are what
    the generator gives as unsigned 16-bit numbers: the same on every engine.
    """

    shape: Shape
    ratio: float
    dtype: str = "float32"
    kept: float | None = None


class DropoutKernel(Kernel):
    spec: DropoutSpec
    leaves = True
    steps = 2**16  # the ratio is met to 1 / steps; four draws come from one 64-bit random number

    def forward(self, x: Tensor, y: Tensor, generator: np.random.Generator) -> None:
        """y from x, in the order that x was last written in; y may be x."""
        raise NotImplementedError

    def backward(self, dy: Tensor, dx: Tensor) -> None:
        """dx from dy and the mask of the last forward; dx may be dy."""
        raise NotImplementedError

    def seek(self, generator: np.random.Generator) -> None:
        """Get ready to draw what this generator would, without a call of ``forward``: when a
        recorded forward is replayed. Each replay moves on to the layer's next position."""
        raise NotImplementedError

    @property
    def threshold(self) -> int:
        """Draws of less are dropped."""
        return round(self.spec.ratio * self.steps)

    @property
    def rate(self) -> float:
        """What is kept is multiplied by this."""
        kept = self.spec.kept
        return 1 / (1 - self.spec.ratio) if kept is None else kept
