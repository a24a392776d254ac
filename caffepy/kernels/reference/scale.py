"""Scale and shift: s and b are spread over the axes they lack."""

from __future__ import annotations

from caffepy.core.memory import Array, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.operations.scale import ScaleKernel, ScaleSpec
from caffepy.kernels.reference.order import follow
from caffepy.kernels.table import implements


@implements("shape", "axis", "end", "bias", "inplace", "training")
class Scale(ScaleKernel):
    """y = x * s + b; dx = dy * s; ds and db: dy * x and dy, summed over the axes they lack."""

    engine = "reference"
    left: Array | None  # x, where y overwrites it

    def __init__(self, spec: ScaleSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        axes = range(len(spec.shape))
        self.own = tuple(d if spec.axis <= a < spec.end else 1 for a, d in enumerate(spec.shape))
        self.others = tuple(a for a in axes if not spec.axis <= a < spec.end)

    def forward(self, x: Tensor, s: Tensor, b: Tensor | None, y: Tensor) -> None:
        xp, home, place = self.owner.xp, self.owner.place, follow(self, x)
        xs = x.read(place)
        self.left = xs.copy() if self.spec.inplace and self.spec.training else None
        ys = y.overwrite(place)
        xp.multiply(xs, s.read(home).reshape(self.own), out=ys)
        if b is not None:
            ys += b.read(home).reshape(self.own)

    def backward(
        self, x: Tensor, s: Tensor, dy: Tensor,
        dx: Tensor | None, ds: Tensor | None, db: Tensor | None,
    ) -> None:
        place = follow(self, dy)
        dys = dy.read(place)
        if db is not None:
            self._add(db, dys)
        if ds is not None:
            self._add(ds, dys * (x.read(place) if self.left is None else self.left))
        if dx is not None:
            scale = s.read(self.owner.place).reshape(self.own)
            self.owner.xp.multiply(dys, scale, out=dx.overwrite(place))

    def _add(self, target: Tensor, gradient: Array) -> None:
        total, add = target.accumulate(self.owner.place)
        summed = gradient.sum(axis=self.others).reshape(total.shape)
        total[...] = total + summed if add else summed
