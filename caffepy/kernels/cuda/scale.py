"""Scale and shift: s and b are spread over the axes they lack."""

from __future__ import annotations

import math

from caffepy.core.memory import Array, Place, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.cuda.common import FLOAT, Left, Sums, device_of, extents, order
from caffepy.kernels.operations.scale import ScaleKernel, ScaleSpec
from caffepy.kernels.table import implements


@implements("shape", "axis", "end", "bias", "inplace", "training")
class Scale(ScaleKernel):
    """y = x * s + b; dx = dy * s; ds and db: dy * x and dy, summed over the axes they lack."""

    engine = "cuda"
    left: Left | None  # x, where y overwrites it

    def __init__(self, spec: ScaleSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.device = device_of(owner, spec, spec.shape)
        self.count = math.prod(spec.shape)
        self.leaves = spec.inplace and spec.training
        self._sums: dict[Place, Sums] = {}

    def _leaving(self) -> Left:
        if self.left is None:
            place = Place.DEVICE.holding(self.spec.dtype)
            self.left = Left(self.device, place, self.count, place.dtype(FLOAT))
        return self.left

    def _order(self, tensor: Tensor) -> Place:
        """Channels-last serves for s along the channels alone."""
        if (self.spec.axis, self.spec.end) == (1, 2):
            return order(tensor, self.spec.dtype)
        return Place.DEVICE.holding(self.spec.dtype)

    def forward(self, x: Tensor, s: Tensor, b: Tensor | None, y: Tensor) -> None:
        place, kept = self._order(x), None
        if self.leaves:
            left = self._leaving()
            left.place, kept = place, left.numbers
        xs = x.read(place)
        _, dim, inner = extents(self.spec.shape, place, self.spec.axis, self.spec.end)
        self.device.launch(
            "scale.forward", self.count, xs, s.read(Place.DEVICE),
            None if b is None else b.read(Place.DEVICE), dim, inner, y.overwrite(place),
            kept, dtype=self.spec.dtype, packed=True)

    def backward(
        self, x: Tensor, s: Tensor, dy: Tensor,
        dx: Tensor | None, ds: Tensor | None, db: Tensor | None,
    ) -> None:
        left = self._leaving() if self.leaves else None
        place = left.place if left else self._order(dy)
        dys = dy.read(place)
        if ds is not None or db is not None:
            xs = None
            if ds is not None:
                xs = left.numbers if left else x.read(place)
            self._add(place, dys, xs, ds, db)
        if dx is not None:
            _, dim, inner = extents(self.spec.shape, place, self.spec.axis, self.spec.end)
            self.device.launch("scale.backward", self.count, dys, s.read(Place.DEVICE), dim,
                               inner, dx.overwrite(place), dtype=self.spec.dtype, packed=True)

    def _add(self, place: Place, dys: Array, xs: Array | None, ds: Tensor | None,
             db: Tensor | None) -> None:
        if place not in self._sums:
            self._sums[place] = Sums(
                self.device, *extents(self.spec.shape, place, self.spec.axis, self.spec.end),
                self.spec.dtype)
        sums = self._sums[place]
        sums.products(dys, xs)
        bias, add_bias = db.accumulate(Place.DEVICE) if db is not None else (None, False)
        scale, add_scale = ds.accumulate(Place.DEVICE) if ds is not None else (None, False)
        sums.collect(bias, add_bias, scale, add_scale)
