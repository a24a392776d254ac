"""ReLU, leaky or not."""

from __future__ import annotations

from caffepy.core.memory import Tensor
from caffepy.kernels.operations.relu import ReLUKernel
from caffepy.kernels.reference.order import follow
from caffepy.kernels.table import implements


@implements("shape", "slope")
class ReLU(ReLUKernel):
    """y = max(x, 0) + slope * min(x, 0)."""

    engine = "reference"

    def forward(self, x: Tensor, y: Tensor) -> None:
        xp, slope, place = self.owner.xp, self.spec.slope, follow(self, x)
        xs = x.read(place)
        below = slope * xp.minimum(xs, 0) if slope else None  # before y may overwrite x
        ys = y.overwrite(place)
        xp.maximum(xs, 0, out=ys)
        if below is not None:
            ys += below

    def backward(self, x: Tensor, dy: Tensor, dx: Tensor) -> None:
        xp, slope, place = self.owner.xp, self.spec.slope, follow(self, dy)
        xs, dys = x.read(place), dy.read(place)
        rate = xp.where(xs > 0, 1, slope).astype(dys.dtype) if slope else xs > 0
        xp.multiply(dys, rate, out=dx.overwrite(place))
