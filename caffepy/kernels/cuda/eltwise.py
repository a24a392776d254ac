"""Sum, product or maximum of several tensors, element by element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.cuda.common import Left, device_of, order
from caffepy.kernels.operations.eltwise import EltwiseKernel, EltwiseSpec
from caffepy.kernels.table import implements

MOST = 256  # bottoms of a maximum, whose winners are kept as bytes


@implements("operation", "shape", "coeff", "training")
class Eltwise(EltwiseKernel):
    """The first two at once, each further one added to the result."""

    engine = "cuda"
    left: Left | None  # of a maximum, which bottom won

    def __init__(self, spec: EltwiseSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.device = device_of(owner, spec, spec.shape)
        if spec.operation == "max" and len(spec.coeff) > MOST:
            raise Unsupported(f"the CUDA maximum is of {MOST} at most")
        self.count = math.prod(spec.shape)
        self.leaves = spec.operation == "max"

    def _leaving(self) -> Left:
        if self.left is None:
            place = Place.DEVICE.holding(self.spec.dtype)
            self.left = Left(self.device, place, self.count, np.uint8)
        return self.left

    def _launch(self, kernel: str, count: int, *args: Any) -> None:
        packed = kernel in ("eltwise.sum", "eltwise.scaled")
        self.device.launch(kernel, count, *args, dtype=self.spec.dtype, packed=packed)

    def forward(self, xs: list[Tensor], y: Tensor) -> None:
        place = order(xs[0], self.spec.dtype)
        first, second, *others = (x.read(place) for x in xs)
        ys = y.overwrite(place)
        launch, coeff = self._launch, self.spec.coeff
        if self.spec.operation == "prod":
            launch("eltwise.product", self.count, first, second, ys)
            for other in others:
                launch("eltwise.product", self.count, ys, other, ys)
        elif self.spec.operation == "max":
            left = self._leaving()
            left.place, winner = place, left.numbers
            launch("eltwise.maximum", self.count, first, second, ys, winner)
            for index, other in enumerate(others, start=2):
                launch("eltwise.larger", self.count, other, ys, winner, index)
        else:
            launch("eltwise.sum", self.count, first, coeff[0], second, coeff[1], ys)
            for other, factor in zip(others, coeff[2:], strict=True):
                launch("eltwise.sum", self.count, ys, 1.0, other, factor, ys)

    def backward(
        self, index: int, xs: list[Tensor], y: Tensor, dy: Tensor, dx: Tensor
    ) -> None:
        launch = self._launch
        if self.spec.operation == "max":
            left = self._leaving()
            dys = dy.read(left.place)
            launch("eltwise.where_won", self.count, dys, left.numbers, index,
                   dx.overwrite(left.place))
            return
        place = order(dy, self.spec.dtype)
        dys = dy.read(place)
        if self.spec.operation == "sum":
            launch("eltwise.scaled", self.count, dys, self.spec.coeff[index], dx.overwrite(place))
            return
        others = [x.read(place) for i, x in enumerate(xs) if i != index]
        dxs = dx.overwrite(place)
        launch("eltwise.product", self.count, dys, others[0], dxs)
        for other in others[1:]:
            launch("eltwise.product", self.count, dxs, other, dxs)
