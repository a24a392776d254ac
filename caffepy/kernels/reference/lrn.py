"""Local response normalization (Krizhevsky et al. 2012), across channels and within one."""

from __future__ import annotations

from caffepy.core.memory import Array, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.operations.lrn import LRNKernel, LRNSpec
from caffepy.kernels.table import implements


@implements("region", "shape", "size", "alpha", "beta", "k", "training")
class LRN(LRNKernel):
    """y = x * scale^-beta.

    dx = dy * scale^-beta - 2 rate beta x * window sum of (dy * y / scale), with rate the factor
    before the sum of squares: the window is symmetric, so its transpose is itself.
    """

    engine = "reference"
    left: Array  # the scale

    def __init__(self, spec: LRNSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        across = spec.region == "across"
        self.axes = (1,) if across else (2, 3)
        self.rate = spec.alpha / spec.size ** len(self.axes)
        self.k = spec.k if across else 1.0

    def forward(self, x: Tensor, y: Tensor) -> None:
        place = self.owner.place
        xs = x.read(place)
        scale = self.k + self.rate * self._window_sum(xs * xs)
        y.overwrite(place)[...] = xs * scale**-self.spec.beta
        self.left = scale if self.spec.training else None

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        place, beta, scale = self.owner.place, self.spec.beta, self.left
        xs, ys, dys = x.read(place), y.read(place), dy.read(place)
        ratio = self._window_sum(dys * ys / scale)
        dx.overwrite(place)[...] = (
            dys * scale**-beta - 2 * self.rate * beta * xs * ratio
        )

    def _window_sum(self, values: Array) -> Array:
        """The sum over ``size`` neighbours along each axis; there is nothing beyond the ends."""
        for axis in self.axes:
            values = self._line_sum(values, axis)
        return values

    def _line_sum(self, values: Array, axis: int) -> Array:
        xp, half, length = self.owner.xp, self.spec.size // 2, values.shape[axis]
        total = xp.zeros_like(values)
        before = (slice(None),) * axis
        for shift in range(-min(half, length - 1), min(half, length - 1) + 1):
            to = before + (slice(max(0, -shift), length - max(0, shift)),)
            of = before + (slice(max(0, shift), length - max(0, -shift)),)
            total[to] += values[of]
        return total
