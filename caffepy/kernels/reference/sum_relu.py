"""The sum of two tensors and ReLU in one kernel."""

from __future__ import annotations

from caffepy.core.memory import Tensor
from caffepy.kernels.operations.sum_relu import SumReLUKernel
from caffepy.kernels.reference.order import follow
from caffepy.kernels.table import implements


@implements("shape")
class SumReLU(SumReLUKernel):
    """y = max(a + b, 0)."""

    engine = "reference"

    def forward(self, xs: list[Tensor], y: Tensor) -> None:
        place = follow(self, xs[0])
        a, b = (x.read(place) for x in xs)
        result = y.overwrite(place)
        self.owner.xp.add(a, b, out=result)
        self.owner.xp.maximum(result, 0, out=result)
