"""ReLU, leaky or not."""

from __future__ import annotations

import math

from caffepy.core.memory import Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.cuda.common import device_of, order
from caffepy.kernels.operations.relu import ReLUKernel, ReLUSpec
from caffepy.kernels.table import implements


@implements("shape", "slope")
class ReLU(ReLUKernel):
    """y = x for x > 0, else slope * x."""

    engine = "cuda"

    def __init__(self, spec: ReLUSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.device = device_of(owner, spec, spec.shape)
        self.count = math.prod(spec.shape)

    def forward(self, x: Tensor, y: Tensor) -> None:
        place = order(x, self.spec.dtype)
        xs, ys = x.read(place), y.overwrite(place)
        self.device.launch("relu.forward", self.count, xs, ys, float(self.spec.slope),
                           dtype=self.spec.dtype, packed=True)

    def backward(self, x: Tensor, dy: Tensor, dx: Tensor) -> None:
        place = order(dy, self.spec.dtype)
        xs, dys = x.read(place), dy.read(place)
        self.device.launch("relu.backward", self.count, xs, dys, dx.overwrite(place),
                           float(self.spec.slope), dtype=self.spec.dtype, packed=True)
